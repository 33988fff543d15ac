/**
 * Which listener a command's flags ask for: read before all else, as a wrong flag is told to it too.
 *
 * @module
 */
import { JsonOutput } from "./json_output.ts";
import { type JobOutput, QuietOutput } from "./job_output.ts";
import { TextOutput } from "./text_output.ts";

/** `--json` gives JSON, `--quiet` less of either. */
export function outputOf(args: readonly string[]): JobOutput {
  const output = args.includes("--json") ? new JsonOutput() : new TextOutput();
  return args.includes("--quiet") ? new QuietOutput(output) : output;
}
