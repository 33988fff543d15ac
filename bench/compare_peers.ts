/**
 * `deno task bench:peers`: this project and PyTorch on the same work, in turns; a table in Markdown, and JSON.
 *
 * @module
 */
import { comparisonTable } from "./peers/comparison_table.ts";
import { parsePeerOptions, peerFlags } from "./peers/options.ts";
import { runComparisons } from "./peers/run_comparisons.ts";
import { rooflineText } from "./roofline.ts";
import { torchPython } from "./peers/torch_python.ts";

async function main(): Promise<void> {
  if (Deno.args.includes("--help")) return console.log(`deno task bench:peers [FLAGS]\n${peerFlags}`);
  const options = parsePeerOptions(Deno.args);
  const python = await torchPython(options.python, (text) => console.error(text));
  warnOfLoad(options.runner.threads);
  const startMs = performance.now();
  const run = await runComparisons(python, options, async (soFar) => {
    const { name, best, ratio } = soFar.comparisons.at(-1)!;
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0).padStart(5);
    console.error(`${seconds} s  ${ratio.median.toFixed(2)}  ${name} (PyTorch ${best})`);
    if (options.output !== null) {
      await Deno.writeTextFile(options.output, JSON.stringify(soFar, null, 1) + "\n");
    }
  });
  console.log(
    `${run.ours.version} (${run.ours.device}) against ${run.torch.version} (${run.torch.device}); ` +
      `the machine at its best: ${rooflineText(run.ours.roofline!)}.\n`,
  );
  console.log(comparisonTable(run.comparisons));
}

/** PyTorch's threads wait for each other by spinning: where others want the cores too, its times are not its own. */
function warnOfLoad(threads: number): void {
  const [load] = Deno.loadavg();
  if (load < 0.5) return;
  console.error(
    `This machine is busy (load ${
      load.toFixed(1)
    }, wanted less than 0.5): ratios of ${threads} threads a side will ` +
      "be off, with more than one in our favour",
  );
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
