/**
 * The memory that a search takes: its largest worker's, and the command's own.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { figure, legend, type Markup } from "../report/html.ts";
import { chart, wholeTicks, wideChartPx } from "../report/plot.ts";
import type { StepBin } from "./step_bins.ts";
import type { TrainingView } from "./training_log.ts";

const workerColor = "var(--accent)";
const commandColor = "var(--soft)";

/**
 * Resident memory by candidate.
 *
 * @param search The search's records; its steps are candidates.
 */
export function memoryBody({ bins, step }: TrainingView): Markup {
  const lines = [
    { color: workerColor, points: pointsOf(bins, "rssBytes") },
    { color: commandColor, points: pointsOf(bins, "coordinatorRssBytes") },
  ];
  const picture = chart({
    description: "Resident memory of the search by candidate: the largest worker and the command",
    widthPx: wideChartPx,
    heightPx: 220,
    x: { label: "Candidates tried", domain: [0, step], ticks: wholeTicks(0, step, 12), tickFormat: ",d" },
    y: { label: "Resident memory (MiB)", zero: true },
    marks: lines.flatMap(({ color, points }) => [
      Plot.lineY(points, {
        x: "candidates",
        y: "mebibytes",
        stroke: color,
        strokeWidth: 2,
        className: "curve",
      }),
      ...(points.length <= 12
        ? [Plot.dot(points, { x: "candidates", y: "mebibytes", fill: color, r: 3 })]
        : []),
    ]),
  });
  const key = legend([
    { label: "the largest worker", color: workerColor, shape: "line" },
    { label: "the command itself", color: commandColor, shape: "line" },
  ]);
  return figure("Memory of the search", picture, "", key);
}

function pointsOf(
  bins: readonly StepBin[],
  measure: "rssBytes" | "coordinatorRssBytes",
): { candidates: number; mebibytes: number }[] {
  return bins.flatMap((bin) => {
    const spread = bin[measure];
    return spread === null ? [] : [{ candidates: bin.step, mebibytes: spread.mean / 2 ** 20 }];
  });
}
