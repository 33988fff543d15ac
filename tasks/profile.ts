/**
 * `deno task profile`: times every choice of every block on the device in use, at the resolution of the config's
 * detector, and says how well the sum of parts tells what a whole backbone takes.
 *
 * @module
 */
import { readRunConfig } from "../lib/run/run_folder.ts";
import { deviceText, type LatencyTable, type Timing } from "../lib/space/latency_table.ts";
import { choiceName, type SearchSpace } from "../lib/space/search_space.ts";
import { profile } from "../lib/stages/profile.ts";
import type { StageProgress } from "../lib/stages/stage_context.ts";
import { resolveConfig } from "./cli.ts";
import { shownPath } from "./ending.ts";
import { fetchLibrary } from "./fetch_library.ts";
import { countFlag } from "./flag_values.ts";
import { ensureKernels } from "./kernels.ts";
import type { JobOutput } from "./job_output.ts";
import { runCommand } from "./run_task.ts";
import { runWorker } from "./run_worker.ts";
import type { Stopping } from "./stopping.ts";

/** Measurements of each part, unless told otherwise. */
const defaultRepeats = 30;
/** Whole backbones that sums are compared with. */
const backbones = 12;

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  const invocation = await resolveConfig("profile", args);
  if (invocation.help !== null) return console.log(invocation.help);
  const { config, runDir, flags } = invocation;
  const repeats = countFlag(flags, "repeats", 1) ?? defaultRepeats;
  const path = flags.get("out") ?? await defaultPath(flags.get("run"), config.name);
  const say = (text: string): void => output.tell({ event: "note", text });
  const library = await fetchLibrary(config, output);
  const kernels = await ensureKernels(config.device, say);
  await using worker = runWorker(library, kernels, config, runDir, 0, stopping.listen());
  const observer = { progress: (progress: StageProgress) => output.tell({ event: "progress", ...progress }) };

  const table = await profile({ config, worker, observer }, { repeats, backbones }, path); // parts, then sums

  output.tell({ event: "result", lines: latencyLines(config.space, table), values: { ...table } });
  output.tell({ event: "wrote", paths: [shownPath(path)] });
  const settings = `--set search.latencyTable=${path} --set search.budget.latencyMs=MS`;
  output.tell({ event: "next", commands: [`deno task search with ${settings}`] });
}

/** Beside the run that is named, or in a file of the config's own. */
async function defaultPath(runDir: string | undefined, name: string): Promise<string> {
  if (runDir === undefined) return `runs/latency-${name}.json`;
  if (await readRunConfig(runDir) !== null) return `${runDir}/latency.json`;
  throw new RangeError(`Cannot write latencies into ${runDir} as there is no run: name a file with --out`);
}

/** A table for a terminal: a row a block and a column a choice, medians with the quartiles' distance. */
export function latencyLines(space: SearchSpace, table: LatencyTable): string[] {
  const { device, canvas, stem, blocks, validation } = table;
  const names = space.choices.map(choiceName);
  const width = Math.max(...names.map((name) => name.length), 14);
  const row = (title: string, cells: readonly string[]): string =>
    [title.padEnd(8), ...cells.map((cell) => cell.padStart(width))].join("  ").trimEnd();
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return [
    `milliseconds of one image of ${canvas.join("x")} px on ${
      deviceText(device)
    }; median (quartiles' distance):`,
    row("block", names),
    ...blocks.map((choices, i) => row(String(i), choices.map(cell))),
    row("stem", [cell(stem)]),
    `sum of parts against ${validation.backbones.length} whole backbones: mean error ${
      percent(validation.meanRelativeError)
    }, largest ${percent(validation.maxRelativeError)}, bias ${percent(validation.bias)}, correlation ${
      validation.correlation?.toFixed(3) ?? "undefined"
    }`,
  ];
}

function cell({ medianMs, lowerQuartileMs, upperQuartileMs }: Timing): string {
  return `${medianMs.toFixed(3)} (${(upperQuartileMs - lowerQuartileMs).toFixed(3)})`;
}

if (import.meta.main) await runCommand("profile", main);
