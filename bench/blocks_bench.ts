/**
 * Each choice of each stage of the search spaces, by itself, at images of 224 px: inference, and forward and backward
 * in training, for the stage's first block (stride 2) and the later ones (stride 1). What it comes to, in images,
 * operations and bytes a second and in relation to what this machine can do at best, follows at the end on stderr, as
 * the median over the same iterations. `deno bench … -- --threads 1`: flags of `runner.ts`.
 *
 * @module
 */
import { searchSpaces } from "../lib/space/search_space.ts";
import { blockFlops, boundMs, minimalBytes } from "./block_bound.ts";
import { prepareCall, type PreparedCall } from "./calls.ts";
import { geometricMean, spreadOf } from "./peers/paired.ts";
import { measureRoofline, type Roofline, rooflineText } from "./roofline.ts";
import { parseRunnerOptions, startRunner } from "./runner.ts";
import { type BlockWorkload, blockWorkloads } from "./workloads.ts";

/** Images a batch: the large spaces' blocks take long. */
const imagesOf = { "small": 32, "large-1.3G": 8, "large-3.8G": 8 } as const;
const warmup = 2; // the first compiles
const n = 8;

/** A row with the times of its iterations. */
interface Row {
  readonly workload: BlockWorkload;
  readonly timesMs: number[];
}

const bench = await startRunner(parseRunnerOptions(Deno.args));
const rooflines = [measureRoofline()];
const rows: Row[] = [];
/** Only one row's tensors are kept. */
let current: { readonly row: Row; readonly prepared: PreparedCall } | null = null;

for (const [name, images] of Object.entries(imagesOf)) {
  const space = searchSpaces[name as keyof typeof imagesOf];
  for (const pass of ["infer", "train"] as const) blockWorkloads(space, pass, images).forEach(addRow);
}
globalThis.addEventListener("unload", printRates);

function addRow(workload: BlockWorkload): void {
  const row: Row = { workload, timesMs: [] };
  rows.push(row);
  const { name, pass } = workload;
  const group = name.replace(/ (shuffle|xception) .*/, ` ${pass}`);
  Deno.bench({ group, name, n, warmup }, (b) => {
    const { prepared } = preparedRow(row);
    b.start();
    const startMs = performance.now();
    prepared.call();
    row.timesMs.push(performance.now() - startMs);
    b.end();
  });
}

function preparedRow(row: Row): NonNullable<typeof current> {
  if (current?.row === row) return current;
  current?.prepared[Symbol.dispose]();
  return current = { row, prepared: prepareCall(bench, row.workload) };
}

/** On stderr, so that `deno bench --json` stays JSON. */
function printRates(): void {
  const measured = rows.filter(({ timesMs }) => timesMs.length >= n); // the others are filtered out
  if (measured.length === 0) return;
  rooflines.push(measureRoofline()); // the machine may have been busy at the start
  const machine = best(rooflines);
  console.error(
    `\n${bench.description}; at best ${rooflineText(machine)}\n` +
      `${"".padEnd(64)}  images/s  GFLOP/s  GB/s  of roofline`,
  );
  const shares = measured.map((row) => printRow(row, machine));
  console.error(
    `geometric mean of ${shares.length} rows: ${geometricMean(shares).toFixed(2)} of the roofline`,
  );
}

/** Returns its share of the roofline. */
function printRow({ workload, timesMs }: Row, machine: Roofline): number {
  const ms = spreadOf(timesMs.slice(-n)).median;
  const share = boundMs(workload, machine) / ms;
  const columns = [
    (workload.images * 1000 / ms).toFixed(0).padStart(10),
    rate(blockFlops(workload) * 1000 / ms).padStart(9),
    rate(minimalBytes(workload) * 1000 / ms).padStart(6),
    share.toFixed(2).padStart(13),
  ];
  console.error(workload.name.padEnd(64) + columns.join(""));
  return share;
}

function best(all: readonly Roofline[]): Roofline {
  return {
    flopsPerSecond: Math.max(...all.map(({ flopsPerSecond }) => flopsPerSecond)),
    bytesPerSecond: Math.max(...all.map(({ bytesPerSecond }) => bytesPerSecond)),
  };
}

/** In thousands of millions. */
function rate(perSecond: number): string {
  return (perSecond / 1e9).toFixed(1);
}
