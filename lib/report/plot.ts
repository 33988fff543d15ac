/**
 * Observable Plot's charts as SVG source, drawn without a browser: same records, same bytes.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { DOMParser } from "linkedom";
import { type Markup, markup, trusted } from "./html.ts";

/** A chart's width where it has a whole row of the page, px. */
export const wideChartPx = 1040;
/** A chart's width where two stand in a row, px. */
export const halfChartPx = 500;
/** A chart's width where three stand in a row, px. */
export const thirdChartPx = 330;

/** A scale and its axis, as Plot takes them. */
export interface AxisOptions {
  /** What it measures, with its unit. */
  readonly label: string;
  /** From, to; where left out, the data's. */
  readonly domain?: [number, number];
  /** How many ticks, or which. */
  readonly ticks?: number | number[];
  /** d3's format of a tick. */
  readonly tickFormat?: string;
  /** Whether the domain holds 0. */
  readonly zero?: boolean;
  /** Whether the domain ends at round numbers. */
  readonly nice?: boolean;
  /** Free space at both ends, px. */
  readonly inset?: number;
}

/** What a chart shows; the rest of Plot's options are the house's. */
export interface ChartOptions {
  /** What a screen reader says, one sentence. */
  readonly description: string;
  /** Width, px. */
  readonly widthPx: number;
  /** Height, px. */
  readonly heightPx: number;
  /** Horizontal scale: label with unit, domain, ticks. */
  readonly x: AxisOptions;
  /** Vertical scale, the same. */
  readonly y: AxisOptions;
  /**
   * What is drawn, from back to front.
   *
   * @internal
   */
  readonly marks: Plot.Markish[];
}

/**
 * Draws a chart. Text and axes take the page's text colour; marks may use the style sheet's variables.
 *
 * @param options What to draw; marks are Plot's own.
 * @returns One `svg` element.
 */
export function chart(options: ChartOptions): Markup {
  const document = new DOMParser().parseFromString("<html></html>", "text/html");
  const element = Plot.plot({
    document: document as never, // linkedom's lacks what Plot has no need of
    className: "plot",
    width: options.widthPx,
    height: options.heightPx,
    marginTop: 26,
    marginBottom: 42,
    marginLeft: 56,
    marginRight: 26,
    style: { fontSize: "12px" },
    x: { labelAnchor: "center", labelArrow: "none", labelOffset: 38, ...options.x },
    y: { grid: true, nice: true, labelArrow: "none", ticks: Math.round(options.heightPx / 50), ...options.y },
    marks: options.marks,
  });
  const label =
    markup`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${options.description}"`;
  return trusted(roundCoordinates(element.outerHTML).replace(/^<svg/, () => label.source));
}

/** Whole-number ticks over `[low, high]`, at most `count` intervals of 1, 2, 5, 10, … */
export function wholeTicks(low: number, high: number, count: number): number[] {
  const span = Math.max(1, high - low);
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= count) ?? 1,
  );
  const first = Math.ceil(low / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((high - first) / step) + 1) },
    (_, i) => first + i * step,
  );
}

/**
 * The range of values; a single value gets some room around it, and nothing falls below 0 where no value does.
 *
 * @param values At least one finite number.
 */
export function rangeOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (high > low) return [low, high];
  const room = Math.abs(low) / 10 || 0.1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** An even part of a list: every k-th element and the last, about `most` of them at most; a short list is whole. */
export function thinned<T>(list: readonly T[], most: number): T[] {
  const stride = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, i) => i % stride === 0 || i === list.length - 1);
}

/** A hundredth of a pixel is enough: coordinates with more digits only make the file larger. */
function roundCoordinates(svg: string): string {
  const attribute = / (?:d|transform|cx|cy|r|x|y|x1|x2|y1|y2|width|height|points)="[^"]*"/g;
  return svg.replace(
    attribute,
    (text) => text.replace(/-?\d+\.\d{3,}/g, (digits) => String(+Number(digits).toFixed(2))),
  );
}
