/**
 * Detections drawn over an image, as vectors in its pixels: lines stay sharp at any size.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageDetection } from "./page_detector.ts";

/** What drawing needs to know. */
export interface DrawingOptions {
  /** The image's size, in its pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Image pixels to one pixel of the screen. */
  readonly unit: number;
  /** A class's name and colour. */
  readonly nameOf: (classIndex: number) => string;
  readonly colorOf: (classIndex: number) => string;
}

/** Draws into an `svg` that lies over the image, the best on top; what it held before is gone. */
export function drawBoxes(
  svg: SVGSVGElement,
  detections: readonly PageDetection[],
  options: DrawingOptions,
): void {
  const { widthPx, heightPx } = options;
  svg.setAttribute("viewBox", `0 0 ${widthPx} ${heightPx}`);
  const worstFirst = [...detections].sort((a, b) => a.score - b.score);
  svg.replaceChildren(
    ...worstFirst.flatMap((one) => outline(one, options)),
    ...worstFirst.map((one) => label(one, options)),
  );
}

/** A line in the class's colour on a darker one, so that it shows on any ground. */
function outline(
  { boxXyxy: [x1, y1, x2, y2], classIndex }: PageDetection,
  options: DrawingOptions,
): Element[] {
  const place = { x: x1, y: y1, width: x2 - x1, height: y2 - y1, fill: "none" };
  const { unit, colorOf } = options;
  return [
    element("rect", { ...place, stroke: "#000", "stroke-opacity": 0.45, "stroke-width": 4 * unit }),
    element("rect", { ...place, stroke: colorOf(classIndex), "stroke-width": 2 * unit }),
  ];
}

/** A tab on the box's upper edge: class and score where the box is wide enough, the score alone where not. */
function label(
  { boxXyxy: [x1, y1, x2], score, classIndex }: PageDetection,
  options: DrawingOptions,
): Element {
  const { unit, widthPx, nameOf, colorOf } = options;
  const [size, height] = [12 * unit, 16 * unit];
  const widthOf = (text: string): number => (7 * text.length + 8) * unit;
  const long = `${nameOf(classIndex)} ${score.toFixed(2)}`;
  const text = widthOf(long) <= x2 - x1 + 2 * unit ? long : score.toFixed(2);
  const left = Math.max(0, Math.min(x1 - unit, widthPx - widthOf(text)));
  const top = Math.max(0, y1 - height);
  const group = element("g", {});
  const ground = { x: left, y: top, width: widthOf(text), height, fill: colorOf(classIndex) };
  const middle = { x: left + widthOf(text) / 2, y: top + height / 2 + 0.36 * size, "text-anchor": "middle" };
  const written = element("text", { ...middle, "font-size": size, "font-weight": 600, fill: "#111" });
  written.textContent = text;
  group.append(element("rect", ground), written);
  return group;
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): Element {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
