/**
 * One training's curves: loss, throughput, learning rate, memory.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { figure, type Markup, markup } from "../report/html.ts";
import { type AxisOptions, chart, halfChartPx, thirdChartPx, wholeTicks } from "../report/plot.ts";
import type { BinSpread, StepBin } from "./step_bins.ts";
import type { TrainingView } from "./training_log.ts";

/** A number to draw over the steps. */
interface Curve {
  readonly title: string;
  readonly y: AxisOptions;
  readonly of: (bin: StepBin) => BinSpread | null;
  /** Whether the range of a bin's steps is drawn around its mean. */
  readonly hasBand: boolean;
}

/**
 * The curves of a training side by side; what was never measured has none.
 *
 * @param imagesAStep How many images a step takes; null shows steps a second.
 */
export function curvesBody(training: TrainingView, imagesAStep: number | null): Markup {
  const total = Math.max(training.step, training.totalSteps ?? 0, 1);
  const shown = curves(imagesAStep).filter(({ of }) => training.bins.some((bin) => of(bin) !== null));
  const note = training.binSteps > 1
    ? `Line: mean of ${training.binSteps} steps; band: their range.`
    : "A step each.";
  const [widthPx, kind] = shown.length === 3 ? [thirdChartPx, "grid three"] : [halfChartPx, "grid"];
  const figures = shown.map((curve) =>
    figure(curve.title, picture(curve, training, { total, widthPx }), curve.hasBand ? note : "")
  );
  return markup`<div class="${kind}">\n${figures}</div>`;
}

function curves(imagesAStep: number | null): Curve[] {
  const [size, unit] = imagesAStep === null ? [1, "Steps"] : [imagesAStep, "Images"];
  return [
    { title: "Loss", y: { label: "Loss", zero: true }, of: ({ loss }) => loss, hasBand: true },
    {
      title: `${unit} a second`,
      y: { label: `${unit} a second`, zero: true },
      of: ({ elapsedMs }) => elapsedMs === null ? null : inverse(elapsedMs, 1000 * size),
      hasBand: true,
    },
    {
      title: "Learning rate",
      y: { label: "Learning rate", zero: true, tickFormat: "~g" },
      of: ({ learningRate }) => learningRate,
      hasBand: false,
    },
    {
      title: "Memory of the worker",
      y: { label: "Resident memory (MiB)", zero: true },
      of: ({ rssBytes }) => rssBytes === null ? null : scaled(rssBytes, 1 / 2 ** 20),
      hasBand: false,
    },
  ];
}

/** The rate whose times these are: its mean is that of the whole time. */
function inverse({ mean, low, high }: BinSpread, factor: number): BinSpread {
  return { mean: factor / mean, low: factor / high, high: factor / low };
}

function scaled({ mean, low, high }: BinSpread, factor: number): BinSpread {
  return { mean: mean * factor, low: low * factor, high: high * factor };
}

function picture(
  { title, y, of, hasBand }: Curve,
  { name, bins }: TrainingView,
  { total, widthPx }: { readonly total: number; readonly widthPx: number },
): Markup {
  const points = bins.flatMap((bin) => {
    const spread = of(bin);
    return spread === null ? [] : [{ step: bin.step, ...spread }];
  });
  const color = "var(--accent)";
  const place = { x: "step", fill: color };
  return chart({
    description: `${name}: ${title.toLowerCase()} by step`,
    widthPx,
    heightPx: 220,
    x: { label: "Step", domain: [0, total], ticks: wholeTicks(0, total, widthPx / 75), tickFormat: ",d" },
    y,
    marks: [
      ...(hasBand ? [Plot.areaY(points, { ...place, y1: "low", y2: "high", fillOpacity: 0.22 })] : []),
      Plot.lineY(points, { x: "step", y: "mean", stroke: color, strokeWidth: 2, className: "curve" }),
      ...(points.length <= 12 ? [Plot.dot(points, { ...place, y: "mean", r: 3 })] : []),
    ],
  });
}
