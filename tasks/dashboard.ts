/**
 * `deno task dashboard`: the page that `--dashboard` shows of a run under way, from the run's folder alone: after the
 * run, or beside a command that was started without it.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { nearest } from "../lib/base/nearest.ts";
import { serveDashboard } from "../lib/dashboard/server.ts";
import { readRunConfig } from "../lib/run/run_folder.ts";
import { portFlag } from "./flag_values.ts";
import { runTask } from "./run_task.ts";
import { Stopping } from "./stopping.ts";

const flagNames = ["run", "dashboard-port", "help"];

const helpText = `deno task dashboard --run DIR [--dashboard-port PORT]

Serves a page about a run, finished or under way, to this machine only, and prints its address. Ctrl-C ends it.

  --run DIR              run folder
  --dashboard-port PORT  serves the page at this port; default: any free one
  --help                 shows this
`;

/** What the command is typed with. */
export interface DashboardFlags {
  /** Whether help was asked for. */
  readonly help: boolean;
  /** The run's folder. */
  readonly runDir: string;
  /** The port; 0 is any free one. */
  readonly port: number;
}

/**
 * Reads the arguments.
 *
 * @throws {TypeError} If a flag is unknown or lacks its value, or no run is named.
 * @throws {RangeError} If the port is none.
 */
export function parseDashboardFlags(args: string[]): DashboardFlags {
  const valued = flagNames.filter((name) => name !== "help");
  const parsed = parseArgs(args, {
    string: valued,
    boolean: ["help"],
    alias: { help: "h" },
    unknown: refuse,
  });
  if (parsed._.length > 0) refuse(String(parsed._[0]));
  if (parsed.help === true) return { help: true, runDir: "", port: 0 };
  const text = new Map<string, string>();
  for (const name of valued) {
    const value: unknown = parsed[name];
    if (typeof value === "string" && value !== "") text.set(name, value);
    else if (value !== undefined) {
      throw new TypeError(`Cannot understand --${name} without a value, see --help`);
    }
  }
  const runDir = text.get("run");
  if (runDir === undefined) throw new TypeError("Cannot show a run that is not named: wanted --run DIR");
  return { help: false, runDir, port: portFlag(text, "dashboard-port") ?? 0 };
}

/** The command; serves until the signal aborts. */
export async function main(args: string[], signal: AbortSignal): Promise<void> {
  const { help, runDir, port } = parseDashboardFlags(args);
  if (help) return console.log(helpText);
  if (await readRunConfig(runDir) === null) {
    throw new RangeError(`Cannot show ${runDir} as there is no run: it has no config.json`);
  }
  await using dashboard = serveDashboard({ runDir, port, isOwnRun: false });
  await Deno.permissions.revoke({ name: "net" }); // what listens goes on listening
  console.log(`dashboard: ${dashboard.url}`);
  console.log("Ctrl-C ends it");
  await aborted(signal);
}

function refuse(arg: string): never {
  if (!arg.startsWith("-")) {
    throw new TypeError(`Cannot understand "${arg}": deno task dashboard takes flags only, see --help`);
  }
  const name = arg.replace(/=.*$/s, "");
  const best = nearest(name, flagNames.map((flag) => `--${flag}`));
  throw new TypeError(`Cannot understand ${name}: there is no such flag; did you mean ${best}?`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

if (import.meta.main) {
  const stopping = new Stopping((stopped) => Deno.exit(stopped.exitCode));
  stopping.attach();
  await runTask((args) => main(args, stopping.listen()));
}
