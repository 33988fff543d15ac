/**
 * Precision-recall curves, as COCO's evaluation reads them: all classes in one picture, and each alone.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { classColor } from "./detection_picture.ts";
import type { ReportClass, ReportEvaluation } from "./evaluation_input.ts";
import { formatFraction, plural } from "./format.ts";
import { figure, legend, type LegendEntry, type Markup, markup, nothing } from "./html.ts";
import { chart, halfChartPx, thirdChartPx } from "./plot.ts";
import { classColors } from "./stylesheet.ts";

/** Classes whose own pictures are shown without a click. */
const openClasses = 12;

/** The curves of each evaluation that has them. */
export function precisionBody(evaluations: readonly ReportEvaluation[]): Markup {
  const parts = evaluations.map(({ details }) => details === null ? nothing : curvesOf(details.classes));
  if (parts.every(({ source }) => source === "")) return nothing;
  return markup`<p>Of the surest detections, as many as it takes to find a share of all objects (recall), so many are right (precision, the best at that recall or beyond, at COCO's 101 recalls). The area under a curve is the class's AP at that IoU.</p>
${parts}`;
}

function curvesOf(classes: readonly ReportClass[]): Markup {
  const present = classes.filter(({ precision50 }) => precision50 !== null);
  if (present.length === 0) return nothing;
  const together = ([50, 75] as const).map((iou) => togetherFigure(classes, present, iou));
  return markup`${legend(keysOf(classes, present))}<div class="grid">\n${together}</div>\n${
    aloneFigures(present)
  }`;
}

/** With more classes than colours, lines are thin and of one kind. */
function hasColors(classes: readonly ReportClass[]): boolean {
  return classes.length <= classColors.length;
}

function colorOf(classes: readonly ReportClass[], name: string): string {
  if (!hasColors(classes)) return "var(--soft)";
  const color = classColor(classes.map((one) => one.name), name); // of boxes on photographs: too light on paper
  return `color-mix(in srgb, ${color} 78%, var(--ink))`;
}

function keysOf(classes: readonly ReportClass[], present: readonly ReportClass[]): LegendEntry[] {
  const mean: LegendEntry = { label: "mean of all classes", color: "var(--ink)", dashes: "1 0" };
  if (!hasColors(classes)) return [{ label: "a class", color: "var(--soft)", shape: "line" }, mean];
  const own = present.map(({ name }): LegendEntry => ({
    label: name,
    color: colorOf(classes, name),
    shape: "line",
  }));
  return present.length < 2 ? own : [...own, mean];
}

interface CurvePoint {
  readonly recall: number;
  readonly precision: number;
}

function pointsOf(precision: readonly number[] | null): CurvePoint[] {
  return (precision ?? []).map((value, i) => ({ recall: i / 100, precision: value }));
}

function togetherFigure(
  classes: readonly ReportClass[],
  present: readonly ReportClass[],
  iou: 50 | 75,
): Markup {
  const curves = present.map((one) => pointsOf(precisionAt(one, iou)));
  const mean = curves[0].map(({ recall }, i) => ({
    recall,
    precision: curves.reduce((sum, points) => sum + points[i].precision, 0) / curves.length,
  }));
  const faint = hasColors(classes) ? { strokeWidth: 2 } : { strokeWidth: 1, strokeOpacity: 0.45 };
  const lines = present.map(({ name }, i) => curve(curves[i], { ...faint, stroke: colorOf(classes, name) }));
  const meanLine = present.length < 2 ? [] : [curve(mean, { stroke: "var(--ink)", strokeWidth: 2.5 })];
  const picture = precisionChart(
    `Precision by recall at IoU 0.${iou}, ${plural(present.length, "curve")}`,
    halfChartPx,
    300,
    [
      ...lines,
      ...meanLine,
    ],
  );
  return figure(`IoU 0.${iou}`, picture);
}

function precisionAt({ precision50, precision75 }: ReportClass, iou: 50 | 75): readonly number[] | null {
  return iou === 50 ? precision50 : precision75;
}

/** Each class in a picture of its own; of a single one there is nothing to tell apart. */
function aloneFigures(present: readonly ReportClass[]): Markup {
  if (present.length < 2) return nothing;
  const key = legend([
    { label: "IoU 0.50", color: "var(--accent)", shape: "line" },
    { label: "IoU 0.75", color: "var(--accent)", shape: "dashes" },
  ]);
  return markup`<h3>Class by class</h3>
<details${
    present.length <= openClasses ? markup` open` : nothing
  }><summary>${present.length} classes</summary>\n${key}<div class="grid three">\n${
    present.map(aloneFigure)
  }</div></details>`;
}

function aloneFigure({ name, AP50, AP75, precision50, precision75 }: ReportClass): Markup {
  const stroke = "var(--accent)";
  const picture = precisionChart(`${name}: precision by recall`, thirdChartPx, 210, [
    curve(pointsOf(precision50), { stroke, strokeWidth: 2 }),
    curve(pointsOf(precision75), { stroke, strokeWidth: 2, strokeDasharray: "5 3" }),
  ]);
  return figure(name, picture, `AP50 ${formatFraction(AP50)}, AP75 ${formatFraction(AP75)}`);
}

function curve(points: readonly CurvePoint[], style: Plot.LineYOptions): Plot.Markish {
  return Plot.lineY(points, { x: "recall", y: "precision", className: "curve", ...style });
}

function precisionChart(
  description: string,
  widthPx: number,
  heightPx: number,
  marks: Plot.Markish[],
): Markup {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const scale = { domain: [0, 1] as [number, number], ticks, tickFormat: ".1f" };
  const x = { label: "Recall", ...scale };
  return chart({ description, widthPx, heightPx, x, y: { label: "Precision", ...scale }, marks });
}
