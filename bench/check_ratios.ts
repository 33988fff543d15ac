/**
 * `deno task bench:check`: measures some of the rows of `bench:peers` again and fails if one has become more than 10 %
 * slower against PyTorch than `bench/ratios.json` says. `--update` stores what was found; the flags are else those
 * of `bench:peers`.
 *
 * @module
 */
import { comparisonTable } from "./peers/comparison_table.ts";
import { parsePeerOptions, peerFlags, type PeerOptions } from "./peers/options.ts";
import { type ComparisonRun, runComparisons } from "./peers/run_comparisons.ts";
import { regressions, type StoredRatios, updatedRatios } from "./peers/stored_ratios.ts";
import { installedTorchPython } from "./peers/torch_python.ts";

const file = new URL("ratios.json", import.meta.url);

/** What is measured without `--only`: every choice, both strides, all stages, training and inference, and a step. */
const checkedRows = [
  "block stage1 stride1 3x3 shuffle train",
  "block stage1 stride2 7x7 shuffle train",
  "block stage2 stride1 5x5 shuffle train",
  "block stage3 stride1 xception train",
  "block stage4 stride1 3x3 shuffle train",
  "block stage2 stride1 7x7 shuffle infer",
  "block stage3 stride2 xception infer",
  "step classification",
];

async function main(): Promise<number> {
  const [update, help] = ["--update", "--help"].map((flag) => Deno.args.includes(flag));
  if (help) {
    console.log(`deno task bench:check [FLAGS]\n  --update         stores what is found\n${peerFlags}`);
    return 0;
  }
  const given = Deno.args.filter((flag) => flag !== "--update");
  const isChosen = given.some((flag) => flag.startsWith("--only"));
  const rows = isChosen ? [] : ["--only", checkedRows.join()];
  const options = parsePeerOptions([...given, ...rows, "--no-memory"]);
  const stored = await readStored();
  if (stored === null && !update) {
    throw new Error("Cannot check as there is no bench/ratios.json: use --update");
  }
  const python = await installedTorchPython(options.python);
  const measured = (options: PeerOptions): Promise<ComparisonRun> =>
    runComparisons(python, options, ({ comparisons }) => console.error(comparisons.at(-1)!.name));
  const run = await measured(options);
  console.log(comparisonTable(run.comparisons));
  if (update) {
    await Deno.writeTextFile(file, JSON.stringify(updatedRatios(stored, run), null, 2) + "\n");
    return 0;
  }
  warnOfOther(stored!, updatedRatios(null, run));
  // What others do on the machine moves a ratio by more than 10 % now and then: only what is slower twice has become slower.
  const suspects = run.comparisons.filter((row) => regressions(stored!, [row]).length > 0);
  if (suspects.length === 0) return report([]);
  console.error(`\nOnce more, as they seem slower:`);
  const names = suspects.map(({ name }) => name).join();
  const again = await measured(parsePeerOptions([...given, "--only", names, "--no-memory"]));
  return report(regressions(stored!, again.comparisons));
}

/** Ratios depend on the threads, and somewhat on the machine. */
function warnOfOther(stored: StoredRatios, now: StoredRatios): void {
  if (stored.ours === now.ours && stored.torch === now.torch) return;
  console.error(
    `\nThe stored ratios are of ${stored.ours} and ${stored.torch}; these are of ${now.ours} and ${now.torch}.`,
  );
}

function report(worse: readonly string[]): number {
  if (worse.length === 0) {
    console.log("\nNo row is more than 10 % slower than stored.");
    return 0;
  }
  console.error(`\nSlower than stored:\n${worse.join("\n")}`);
  return 1;
}

async function readStored(): Promise<StoredRatios | null> {
  try {
    return JSON.parse(await Deno.readTextFile(file)) as StoredRatios;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
