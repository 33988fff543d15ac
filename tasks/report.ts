/**
 * `deno task report`: renders `report.html` from what the run has so far, each time it is typed; with `--compare`, the
 * tables of several runs.
 *
 * @module
 */
import { nearest } from "../lib/base/nearest.ts";
import { compare } from "../lib/stages/compare.ts";
import { report } from "../lib/stages/report.ts";
import { sayEnding } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  if (args.some((arg) => /^--compare(=|$)/.test(arg))) return await compareRuns(args);
  await using job = await openJob("report", args, { needs: [], finishes: [] }, stopping, output);
  if (job === null) return;

  await report(job.context);

  await sayEnding(job.context.run, "report", output, job.next);
}

/** What `--compare` is typed with. */
export interface Comparison {
  /** Whether help was asked for. */
  readonly help: boolean;
  /** The runs' folders, in order. */
  readonly runDirs: readonly string[];
  /** Where the tables go. */
  readonly outDir: string;
}

const defaultOutDir = "runs/compare";
const compareFlags = ["--compare", "--out", "--help"];

const compareHelp = `deno task report --compare RUN... [--out DIR]

Writes the paper's tables over several runs, finished or not, with the published numbers beside the measured ones:
compare.html, compare.md, and a CSV file a table.

  --compare RUN...  run folders, in the order to show
  --out DIR         where the tables go; default: ${defaultOutDir}
  --help            shows this
`;

/**
 * Reads the arguments of a comparison; folders may stand before and after the flags.
 *
 * @throws {TypeError} If a flag is unknown, one lacks its value, or no folder is named.
 */
export function parseComparison(args: readonly string[]): Comparison {
  const runDirs: string[] = [];
  let [help, outDir] = [false, defaultOutDir];
  const rest = args.flatMap(splitAtEquals);
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--help" || arg === "-h") help = true;
    else if (arg === "--out") outDir = valueOf(arg, rest.shift());
    else if (arg.startsWith("-") && arg !== "--compare") throw unknownFlag(arg);
    else if (arg !== "--compare") runDirs.push(arg.replace(/(.)[/\\]+$/, "$1"));
  }
  if (help || runDirs.length > 0) return { help, runDirs, outDir };
  throw new TypeError("Cannot compare without runs: wanted --compare RUN..., with at least one run folder");
}

async function compareRuns(args: string[]): Promise<void> {
  const { help, runDirs, outDir } = parseComparison(args);
  if (help) return console.log(compareHelp);

  const paths = await compare(runDirs, outDir);

  for (const path of paths) console.log(`wrote ${path}`);
  console.log(`next: open ${paths[0]}`);
}

/** `--out=DIR` is `--out DIR`. */
function splitAtEquals(arg: string): string[] {
  const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
  return equals < 0 ? [arg] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

function valueOf(flag: string, value: string | undefined): string {
  if (value !== undefined && value !== "" && !value.startsWith("--")) return value;
  throw new TypeError(`Cannot understand ${flag} without a value: wanted ${flag} DIR`);
}

function unknownFlag(flag: string): TypeError {
  return new TypeError(
    `Cannot understand ${flag}: with --compare there is no such flag; did you mean ${
      nearest(flag, compareFlags)
    }?`,
  );
}

if (import.meta.main) await runCommand("report", main);
