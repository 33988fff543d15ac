/**
 * Photographs with boxes: the image is embedded as it is, the boxes lie over it as vectors, so no image library is
 * needed and lines stay sharp at any size.
 *
 * @module
 */
import { type Markup, markup, nothing } from "./html.ts";
import type { ReportBox, ReportPicture } from "./evaluation_input.ts";
import { classColors } from "./stylesheet.ts";

/**
 * The colour of a class; colours repeat after eight classes.
 *
 * @param classNames Every class in order.
 * @param className One of them; another one is grey.
 */
export function classColor(classNames: readonly string[], className: string): string {
  const index = classNames.indexOf(className);
  return index < 0 ? "#999999" : classColors[index % classColors.length];
}

/**
 * Draws the detections of a photograph (solid, with scores) and its ground truth (thin, dashed).
 *
 * @param picture The photograph and its boxes, in its pixels.
 * @param classNames Every class, in the order that fixes its colour.
 * @param minScore Detections under this score are left out.
 * @returns One `svg` element as large as the image, or scaled to its place.
 * @throws {TypeError} If the bytes are neither JPEG nor PNG.
 */
export function drawDetections(
  picture: ReportPicture,
  classNames: readonly string[],
  minScore: number,
): Markup {
  const { widthPx, heightPx } = picture;
  const unit = Math.max(widthPx, heightPx) / 480; // one CSS px where the picture stands in half a page
  const shown = picture.detections.filter(({ score }) => score >= minScore).sort((a, b) => a.score - b.score);
  const boxes = shown.map((one) => detectionBox(one, one.score, classColor(classNames, one.className), unit));
  const labels = shown.map((one) =>
    detectionLabel(one, one.score, classColor(classNames, one.className), unit, widthPx)
  );
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${heightPx}" width="${widthPx}" height="${heightPx}" role="img" aria-label="${picture.title}: ${shown.length} detections, ${picture.truths.length} true boxes" font-family="system-ui, 'Liberation Sans', sans-serif">
<image href="${
    imageDataUrl(picture)
  }" width="${widthPx}" height="${heightPx}" preserveAspectRatio="none" style="image-orientation:none"/>
${picture.truths.map((truth) => truthBox(truth, unit))}${boxes}${labels}</svg>`;
}

function truthBox(truth: ReportBox, unit: number): Markup {
  const shape = rectangle(truth);
  return markup`<g aria-label="truth" fill="none"><rect ${shape} stroke="#000" stroke-opacity="0.7" stroke-width="${
    round(2 * unit)
  }"/><rect ${shape} stroke="#fff" stroke-width="${round(1.1 * unit)}" stroke-dasharray="${round(4 * unit)} ${
    round(3 * unit)
  }"><title>${truth.className} (ground truth)</title></rect></g>
`;
}

function detectionBox(box: ReportBox, score: number, color: string, unit: number): Markup {
  const shape = rectangle(box);
  return markup`<g aria-label="detection" fill="none"><rect ${shape} stroke="#000" stroke-opacity="0.35" stroke-width="${
    round(3 * unit)
  }"/><rect ${shape} stroke="${color}" stroke-width="${round(1.9 * unit)}"><title>${box.className} ${
    score.toFixed(3)
  }</title></rect></g>
`;
}

/** A tab on the box's upper edge: class and score where the box is wide enough, the score alone where not. */
function detectionLabel(box: ReportBox, score: number, color: string, unit: number, widthPx: number): Markup {
  const [x1, y1, x2] = box.boxXyxy;
  const [size, height] = [10 * unit, 13 * unit];
  const widthOf = (text: string): number => (6.7 * text.length + 6) * unit;
  const long = `${box.className} ${score.toFixed(2)}`;
  const text = widthOf(long) <= x2 - x1 + 2 * unit ? long : score.toFixed(2);
  const left = Math.max(0, Math.min(x1 - unit, widthPx - widthOf(text)));
  const top = Math.max(0, y1 - height);
  return markup`<g aria-label="label"><rect x="${round(left)}" y="${round(top)}" width="${
    round(widthOf(text))
  }" height="${round(height)}" rx="${round(2 * unit)}" fill="${color}" fill-opacity="0.9"/><text x="${
    round(left + 3 * unit)
  }" y="${round(top + 10 * unit)}" font-size="${round(size)}" font-weight="600" fill="${
    isDark(color) ? "#fff" : "#111"
  }">${text}</text></g>
`;
}

/** A box as attributes of a `rect`; nothing of one that is not finite. */
export function rectangle({ boxXyxy: [x1, y1, x2, y2] }: ReportBox): Markup {
  if (![x1, y1, x2, y2].every(Number.isFinite)) return nothing;
  return markup`x="${round(x1)}" y="${round(y1)}" width="${round(Math.max(0, x2 - x1))}" height="${
    round(Math.max(0, y2 - y1))
  }"`;
}

/**
 * An image as a data URL.
 *
 * @throws {TypeError} If its bytes are neither JPEG nor PNG.
 */
export function imageDataUrl({ title, bytes }: Pick<ReportPicture, "title" | "bytes">): string {
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
  if (!isJpeg && !isPng) {
    throw new TypeError(
      `Cannot draw "${title}": its bytes start with ${firstBytes(bytes)}, wanted a JPEG or PNG file`,
    );
  }
  return `data:image/${isJpeg ? "jpeg" : "png"};base64,${bytes.toBase64()}`;
}

function firstBytes(bytes: Uint8Array): string {
  return bytes.length === 0 ? "nothing" : bytes.slice(0, 4).toHex();
}

/** Whether white text reads better than black on a colour `#rrggbb`: relative luminance as in WCAG 2. */
function isDark(color: string): boolean {
  const [r, g, b] = [1, 3, 5].map((at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.18;
}

function round(px: number): number {
  return +px.toFixed(1);
}
