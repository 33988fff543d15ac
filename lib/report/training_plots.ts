/**
 * Learning curves: loss, learning rate, and scores on held-out images over the steps of one training.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { figure, type Markup, markup, nothing } from "./html.ts";
import { type AxisOptions, chart, halfChartPx, thinned, thirdChartPx, wholeTicks } from "./plot.ts";
import type { TrainingCurve, TrainingPoint } from "./report_input.ts";

/** The loss of some neighbouring steps. */
export interface LossBin {
  /** Mean step of the bin. */
  readonly step: number;
  /** Mean loss. */
  readonly mean: number;
  /** Least loss. */
  readonly low: number;
  /** Largest loss. */
  readonly high: number;
}

/**
 * Gathers steps into bins of equal count, so that a long curve stays readable and its extremes stay visible.
 *
 * @param points Logged steps; those without a finite loss are left out.
 * @param maxBins At most so many bins; fewer points than that stay one a bin.
 */
export function binLosses(points: readonly TrainingPoint[], maxBins: number): LossBin[] {
  const finite = points.filter(({ loss }) => Number.isFinite(loss));
  const size = Math.max(1, Math.ceil(finite.length / maxBins));
  return Array.from({ length: Math.ceil(finite.length / size) }, (_, i) => {
    const part = finite.slice(i * size, (i + 1) * size);
    const losses = part.map(({ loss }) => loss);
    return {
      step: mean(part.map(({ step }) => step)),
      mean: mean(losses),
      low: Math.min(...losses),
      high: Math.max(...losses),
    };
  });
}

/** The curves of one training side by side; a training without a logged step gives nothing. */
export function trainingFigures(curve: TrainingCurve): Markup {
  if (curve.points.length === 0) return nothing;
  const last = Math.max(...curve.points.map(({ step }) => step));
  const hasScores = curve.scores.length > 0;
  const widthPx = hasScores ? thirdChartPx : halfChartPx;
  const figures = [
    lossFigure(curve, last, widthPx),
    ...(hasScores ? [scoreFigure(curve, last, widthPx)] : []),
    rateFigure(curve, last, widthPx),
  ];
  return markup`<h3>${curve.title}</h3>\n<div class="grid${hasScores ? " three" : ""}">\n${figures}</div>\n`;
}

function lossFigure({ title, points }: TrainingCurve, last: number, widthPx: number): Markup {
  const bins = binLosses(points, 160);
  const picture = stepChart(`${title}: loss by step`, last, widthPx, { label: "Loss", zero: true }, [
    Plot.areaY(bins, { x: "step", y1: "low", y2: "high", fill: "var(--accent)", fillOpacity: 0.22 }),
    curveMarks(bins, "mean"),
  ]);
  const steps = Math.ceil(points.length / Math.max(1, bins.length));
  return figure("Loss", picture, steps > 1 ? `Line: mean of ${steps} logged steps; band: their range.` : "");
}

function scoreFigure({ title, scores, scoreName }: TrainingCurve, last: number, widthPx: number): Markup {
  const finite = scores.filter(({ score }) => Number.isFinite(score) && score >= 0);
  const picture = stepChart(`${title}: ${scoreName} by step`, last, widthPx, {
    label: capitalized(scoreName),
    zero: true,
  }, [
    curveMarks(finite, "score"),
  ]);
  return figure(`${capitalized(scoreName)} on held-out images`, picture);
}

function rateFigure({ title, points }: TrainingCurve, last: number, widthPx: number): Markup {
  const kept = points.filter(({ learningRate }, i) =>
    Number.isFinite(learningRate) &&
    (learningRate !== points[i - 1]?.learningRate || learningRate !== points[i + 1]?.learningRate)
  );
  const sparse = thinned(kept, 240);
  const y = { label: "Learning rate", zero: true, tickFormat: "~g" };
  const picture = stepChart(`${title}: learning rate by step`, last, widthPx, y, [
    curveMarks(sparse, "learningRate"),
  ]);
  return figure("Learning rate", picture);
}

function stepChart(
  description: string,
  last: number,
  widthPx: number,
  y: AxisOptions,
  marks: Plot.Markish[],
): Markup {
  const ticks = wholeTicks(0, Math.max(1, last), widthPx / 75);
  const x: AxisOptions = { label: "Step", domain: [0, Math.max(1, last)], ticks, tickFormat: ",d" };
  return chart({ description, widthPx, heightPx: 230, x, y, marks });
}

/** A line through the points, and a dot on each where they are few: one point alone makes no visible line. */
function curveMarks<Y extends string>(
  points: readonly (Record<Y, number> & { readonly step: number })[],
  y: Y,
): Plot.Markish {
  const color = "var(--accent)";
  const dots = points.length <= 12 ? [Plot.dot(points, { x: "step", y, r: 3, fill: color })] : [];
  return [Plot.lineY(points, { x: "step", y, stroke: color, strokeWidth: 2 }), ...dots];
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
