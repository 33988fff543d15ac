/**
 * Stands in for `jsr:@std/cli` where JSR cannot be reached: what this project uses of it, under the same names
 * and with the same meaning. Deleting `links` in `deno.json` uses the published package instead.
 *
 * @module
 */
export { parseArgs, type ParsedArgs, type ParseOptions } from "./parse_args.ts";
