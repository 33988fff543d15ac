/**
 * The frame around every command: an error becomes one line and exit code 1.
 *
 * @module
 */

/** A command's body: takes its arguments, prints, and throws what the user should read. */
export type Main = (args: string[]) => Promise<void>;

/** Runs a command with the process's arguments and ends the process: 0 if all went well, else 1. */
export async function runTask(main: Main): Promise<never> {
  Deno.exit(await exitCodeOf(main, Deno.args, await isDebugging(), console.error));
}

/**
 * Runs a command.
 *
 * @param main The command.
 * @param args Its arguments.
 * @param showStack Whether an error is shown with its stack and causes.
 * @param printError Takes the error's text.
 * @returns 0, or 1 if it threw.
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
    printError(`error: ${errorText(error, showStack)}`);
    return 1;
  }
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
