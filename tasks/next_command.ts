/**
 * The command to type next: the same run, and those of the typed flags that the run does not know by itself.
 *
 * @module
 */
import type { Command } from "./commands.ts";
import { commandLine } from "./run_task.ts";

/** Gives the line that runs a command on the same run. */
export type NextCommand = (command: Command) => string;

/** A run's `config.json` holds what the others set. */
const kept = [
  "workers",
  "threads",
  "device",
  "kernels",
  "open-ports",
  "approximate",
  "tensorboard",
  "quiet",
  "json",
];
/** Of these, the ones without a value. */
const bare = ["open-ports", "approximate", "tensorboard", "quiet", "json"];

/**
 * How to go on with a run.
 *
 * @param runDir Its folder, as it was typed.
 * @param args What was typed with it.
 */
export function nextCommandOf(runDir: string, args: readonly string[]): NextCommand {
  const flags = [...keptFlags(args)];
  return (command) => commandLine(command, ["--run", runDir, ...flags]);
}

function* keptFlags(args: readonly string[]): Generator<string> {
  for (const [i, arg] of args.entries()) {
    const name = kept.find((name) => arg === `--${name}` || arg.startsWith(`--${name}=`));
    if (name === undefined) continue;
    yield arg;
    if (arg === `--${name}` && !bare.includes(name)) yield args[i + 1];
  }
}
