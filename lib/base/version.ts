/**
 * This project's version, as `deno.json` has it (a test holds them together): nothing in `lib` reads files above it.
 *
 * @module
 */

/** Another one may train otherwise. */
export const projectVersion = "0.2.0";
