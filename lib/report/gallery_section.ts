/**
 * Photographs with detections and ground truth: the worst, the best, and some of the others.
 *
 * @module
 */
import { classColor, drawDetections } from "./detection_picture.ts";
import type { PictureGroup, ReportGallery, ReportPicture } from "./evaluation_input.ts";
import { formatFraction, plural } from "./format.ts";
import { figure, legend, type Markup, markup, nothing } from "./html.ts";

/** The photographs, group by group, under one legend. */
export function galleryBody(gallery: ReportGallery | null): Markup {
  const groups = gallery?.groups.filter(({ pictures }) => pictures.length > 0) ?? [];
  if (gallery === null || groups.length === 0) return nothing;
  const { classNames, minScore } = gallery;
  return markup`<p>Detections with a score of at least ${minScore}, solid with their score; the ground truth is thin and dashed. An image's AP is COCO's, of this image alone.</p>
${pictureLegend(classNames)}${groups.map((group) => groupPart(group, gallery))}`;
}

/** What the boxes on photographs mean: a colour a class, dashes for the ground truth. */
export function pictureLegend(classNames: readonly string[]): Markup {
  return legend([
    ...classNames.map((label) => ({ label, color: classColor(classNames, label), shape: "line" as const })),
    { label: "ground truth", color: "var(--soft)", shape: "dashes" },
  ]);
}

function groupPart({ title, pictures }: PictureGroup, { classNames, minScore }: ReportGallery): Markup {
  const figures = pictures.map((picture) =>
    figure(picture.title, drawDetections(picture, classNames, minScore), pictureNote(picture, minScore))
  );
  return markup`<h3>${title}</h3>\n<div class="grid photo">\n${figures}</div>\n`;
}

function pictureNote({ outcome, detections, truths }: ReportPicture, minScore: number): string {
  if (outcome !== null) {
    const { AP, objects, found, spurious } = outcome;
    return `AP ${formatFraction(AP)}: ${found} of ${plural(objects, "object")} found, ${
      plural(spurious, "wrong detection")
    }`;
  }
  const shown = detections.filter(({ score }) => score >= minScore).length;
  return `${plural(shown, "detection")}, ${truths.length} true ${truths.length === 1 ? "box" : "boxes"}`;
}
