/**
 * Comparisons as a table in Markdown.
 *
 * @module
 */
import type { Comparison } from "./comparison.ts";
import { geometricMean, type Spread } from "./paired.ts";

/** The rows, and below them each group's geometric mean and its worst. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((comparison) => [
    comparison.name,
    spread(comparison.ours, 1),
    spread(bestMs(comparison), 1),
    comparison.best,
    spread(comparison.ratio, 2),
    comparison.least?.toFixed(2) ?? "",
    memoryCell(comparison, "oursBytes"),
    memoryCell(comparison, "torchBytes"),
  ]);
  const titles = [
    "row",
    "ours ms",
    "PyTorch ms",
    "its best mode",
    "ratio",
    "at least",
    "ours GB",
    "PyTorch GB",
  ];
  return [markdown(titles, rows), ...groups(comparisons)].join("\n");
}

/** The first and last words of a name say which group it is in: block, and infer or train. */
function groups(comparisons: readonly Comparison[]): string[] {
  const byGroup = Map.groupBy(comparisons, groupOf);
  return [...byGroup].filter(([, own]) => own.length > 1).map(([group, own]) => {
    const ratios = own.map(({ ratio }) => ratio.median);
    const worst = own.reduce((a, b) => b.ratio.median > a.ratio.median ? b : a);
    return `\n${group}: geometric mean of ${own.length} ratios ${geometricMean(ratios).toFixed(3)}${
      leastMean(own)
    }, ` +
      `worst ${worst.ratio.median.toFixed(2)} (${worst.name})`;
  });
}

/** What kernels at the machine's limits would come to. */
function leastMean(group: readonly Comparison[]): string {
  const all = group.flatMap(({ least }) => least ?? []);
  return all.length < group.length ? "" : ` (at least ${geometricMean(all).toFixed(3)})`;
}

function groupOf({ name }: Comparison): string {
  const words = name.split(" ");
  return words[0] === "block" ? [words[0], words[1], words.at(-2)].join(" ") : words[0];
}

function bestMs({ modes, best }: Comparison): Spread {
  return modes.find(({ mode }) => mode === best)!.ms!;
}

function memoryCell({ memory }: Comparison, side: "oursBytes" | "torchBytes"): string {
  return memory === null ? "" : (memory[side] / 1e9).toFixed(2);
}

function spread({ median, lowerQuartile, upperQuartile }: Spread, digits: number): string {
  const [middle, low, high] = [median, lowerQuartile, upperQuartile].map((value) => value.toFixed(digits));
  return `${middle} (${low}–${high})`;
}

/** A table in Markdown; the first column is left-aligned, the others right. */
export function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map((_, i) => i === 0 ? "---" : "--:")), ...rows.map(line)].join("\n");
}
