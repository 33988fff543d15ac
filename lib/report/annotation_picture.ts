/**
 * Photographs with their annotated boxes, each in its class's colour.
 *
 * @module
 */
import { classColor, imageDataUrl, rectangle } from "./detection_picture.ts";
import { type Markup, markup, nothing } from "./html.ts";
import type { ReportBox, ReportPicture } from "./evaluation_input.ts";

/** An annotated box; a marked one is drawn thicker, and has a ring around it where it is small. */
export type AnnotatedBox = ReportBox & { readonly isMarked: boolean };

/**
 * Draws annotations over their photograph.
 *
 * @param picture The photograph.
 * @param boxes In its pixels.
 * @param classNames Every class, in the order that fixes its colour.
 * @returns One `svg` element as large as the image, or scaled to its place.
 * @throws {TypeError} If the bytes are neither JPEG nor PNG.
 */
export function drawAnnotations(
  picture: Pick<ReportPicture, "title" | "bytes" | "widthPx" | "heightPx">,
  boxes: readonly AnnotatedBox[],
  classNames: readonly string[],
): Markup {
  const { widthPx, heightPx, title } = picture;
  const unit = Math.max(widthPx, heightPx) / 480;
  const drawn = boxes.toSorted((a, b) => Number(a.isMarked) - Number(b.isMarked)).map((box) =>
    drawBox(box, classColor(classNames, box.className), unit)
  );
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${heightPx}" width="${widthPx}" height="${heightPx}" role="img" aria-label="${title}: ${boxes.length} annotated boxes">
<image href="${
    imageDataUrl(picture)
  }" width="${widthPx}" height="${heightPx}" preserveAspectRatio="none" style="image-orientation:none"/>
${drawn}</svg>`;
}

function drawBox(box: AnnotatedBox, color: string, unit: number): Markup {
  const shape = rectangle(box);
  const width = (box.isMarked ? 3 : 1.5) * unit;
  return markup`<g fill="none"><rect ${shape} stroke="#000" stroke-opacity="0.5" stroke-width="${
    (width + 1.2 * unit).toFixed(1)
  }"/><rect ${shape} stroke="${color}" stroke-width="${
    width.toFixed(1)
  }"><title>${box.className}</title></rect>${box.isMarked ? ring(box, unit) : nothing}</g>
`;
}

/** So that a box of a few pixels is found; a large one needs none. */
function ring({ boxXyxy: [x1, y1, x2, y2] }: ReportBox, unit: number): Markup {
  if (Math.hypot(x2 - x1, y2 - y1) > 60 * unit) return nothing;
  const radius = Math.hypot(x2 - x1, y2 - y1) / 2 + 6 * unit;
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2].map((middle) => middle.toFixed(1));
  return markup`<circle cx="${x}" cy="${y}" r="${radius.toFixed(1)}" stroke="#fff" stroke-width="${
    (3 * unit).toFixed(1)
  }"/><circle cx="${x}" cy="${y}" r="${radius.toFixed(1)}" stroke="#c00" stroke-width="${
    (1.6 * unit).toFixed(1)
  }"/>`;
}
