/**
 * What the programs that are started from here are given of the environment.
 *
 * @module
 */

/**
 * For `Deno.Command`'s `env`: no `LD_LIBRARY_PATH`, not the inherited one either. Deno refuses to hand one on from a
 * process that may run but a few programs, so on a machine that has it set (CUDA's images do) nothing could be
 * started. To the loader an empty one is none.
 */
export const withoutLibraryPath: Readonly<Record<string, string>> = { LD_LIBRARY_PATH: "" };
