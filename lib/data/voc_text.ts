/**
 * Writes Pascal VOC's annotation files, as {@linkcode parseVocAnnotation} reads them.
 *
 * @module
 */
import type { VocAnnotation, VocObject } from "./voc_annotation.ts";

/** What an annotation file says, less the file's own place. */
export type VocContent = Pick<VocAnnotation, "widthPx" | "heightPx" | "objects">;

/**
 * An annotation file's text.
 *
 * @param content Sizes in pixels; corners 1-based, the last pixel included.
 * @param filename The image's file name.
 */
export function vocAnnotationText({ widthPx, heightPx, objects }: VocContent, filename: string): string {
  return `<annotation>
<filename>${escaped(filename)}</filename>
<size><width>${widthPx}</width><height>${heightPx}</height><depth>3</depth></size>
${objects.map(objectText).join("")}</annotation>
`;
}

function objectText({ name, isDifficult, corners: [xmin, ymin, xmax, ymax] }: VocObject): string {
  return `<object><name>${escaped(name)}</name><difficult>${
    isDifficult ? 1 : 0
  }</difficult><bndbox><xmin>${xmin}` +
    `</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox></object>\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
