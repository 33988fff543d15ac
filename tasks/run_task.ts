/**
 * The frame around every command: an error becomes one line and exit code 1, a stop the command that goes on.
 *
 * @module
 */
import type { Command } from "./commands.ts";
import type { JobOutput } from "./job_output.ts";
import { outputOf } from "./output_flags.ts";
import { Stopped, Stopping } from "./stopping.ts";

/** A task's body: takes its arguments, prints, and throws what the user should read. */
export type Main = (args: string[]) => Promise<void>;

/** A command's body; it stops when told, and tells what happens. */
export type CommandMain = (args: string[], stopping: Stopping, output: JobOutput) => Promise<void>;

/** Runs a task with the process's arguments and ends the process: 0 if all went well, else 1. */
export async function runTask(main: Main): Promise<never> {
  Deno.exit(
    await exitCodeOf(main, Deno.args, await isDebugging(), (text) => console.error(`error: ${text}`)),
  );
}

/** Runs a command likewise; stopped by SIGINT or SIGTERM it ends with 130 or 143, and says how it goes on. */
export async function runCommand(command: Command, main: CommandMain): Promise<never> {
  const output = outputOf(Deno.args);
  const end = (stopped: Stopped): never => {
    output.tell({ event: "stopped", signal: stopped.signal, command: commandLine(command, Deno.args) });
    Deno.exit(stopped.exitCode);
  };
  const stopping = new Stopping(end);
  stopping.attach();
  const code = await exitCodeOf(
    (args) => main(args, stopping, output),
    Deno.args,
    await isDebugging(),
    (message) => output.tell({ event: "error", message }),
  );
  const { aborted, reason } = stopping.signal;
  if (aborted && code !== 0) end(reason);
  output[Symbol.dispose]();
  Deno.exit(code);
}

/**
 * Runs a task.
 *
 * @param main The task.
 * @param args Its arguments.
 * @param showStack Whether an error is shown with its stack and causes.
 * @param printError Takes the error's text.
 * @returns 0, or 1 if it threw; of a stop its own.
 */
export async function exitCodeOf(
  main: Main,
  args: string[],
  showStack: boolean,
  printError: (text: string) => void,
): Promise<number> {
  try {
    await main(args);
    return 0;
  } catch (error) {
    if (error instanceof Stopped) return error.exitCode;
    printError(errorText(error, showStack));
    return 1;
  }
}

/** A command as it is typed in a POSIX shell. */
export function commandLine(command: Command, args: readonly string[]): string {
  return ["deno task", command, ...args.map(shellWord)].join(" ");
}

/** One argument as it is typed in a POSIX shell. */
export function shellWord(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

function errorText(error: unknown, showStack: boolean): string {
  if (showStack) return Deno.inspect(error);
  return error instanceof Error ? error.message : String(error);
}

/** `DETNAS_DEBUG=1`; a process that may not read it isn't asked about it. */
async function isDebugging(): Promise<boolean> {
  const variable = "DETNAS_DEBUG";
  const permission = await Deno.permissions.query({ name: "env", variable });
  return permission.state === "granted" && Deno.env.get(variable) === "1";
}
