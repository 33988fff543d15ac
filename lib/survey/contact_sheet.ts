/**
 * A contact sheet: one self-contained page of photographs with their annotated boxes.
 *
 * @module
 */
import { drawAnnotations } from "../report/annotation_picture.ts";
import { classColor } from "../report/detection_picture.ts";
import { figure, legend, type Markup, markup, page, type Section } from "../report/html.ts";
import { encodePreview } from "../data/preview.ts";
import type { DetectionSample } from "../data/sample.ts";
import type { ContactGroup, ContactPick } from "./contact_picks.ts";
import type { SurveyedData } from "./data_survey.ts";

/** How to draw the sheet. */
export interface ContactSheetOptions {
  /** The page's title. */
  readonly title: string;
  /** A larger image is refused. */
  readonly maxImagePixels: number;
}

const pictureSidePx = 480;

/**
 * Draws the sheet. The pictures are as the detector gets them: stored orientation.
 *
 * @param data The splits.
 * @param groups What is shown.
 * @param options Its title and limit.
 * @returns The HTML document.
 * @throws What reading an image throws.
 */
export async function drawContactSheet(
  data: SurveyedData,
  groups: readonly ContactGroup[],
  { title, maxImagePixels }: ContactSheetOptions,
): Promise<string> {
  const classNames = data.train.classes;
  const sections: Section[] = [];
  for (const [i, group] of groups.entries()) {
    const figures: Markup[] = [];
    for (const pick of group.picks) figures.push(await drawPick(data, pick, maxImagePixels));
    sections.push({
      id: `group-${i + 1}`,
      title: group.title,
      body: markup`<div class="grid three">${figures}</div>`,
    });
  }
  const key = legend(classNames.map((name) => ({ label: name, color: classColor(classNames, name) })));
  return page(title, markup`<h1>${title}</h1>\n${key}`, sections);
}

async function drawPick(data: SurveyedData, pick: ContactPick, maxImagePixels: number): Promise<Markup> {
  const { classes, samples } = data[pick.split];
  const sample = samples.at(pick.index);
  const { bytes, widthPx, heightPx, scale } = await encodePreview(
    sample.source,
    maxImagePixels,
    pictureSidePx,
  );
  const truths = sample.annotations.map(({ classIndex, boxXyxy: [x1, y1, x2, y2] }, i) => ({
    className: classes[classIndex],
    boxXyxy: [x1 * scale, y1 * scale, x2 * scale, y2 * scale] as const,
    isMarked: pick.marked.includes(i),
  }));
  const picture = drawAnnotations({ title: sample.id, bytes, widthPx, heightPx }, truths, classes);
  return figure(`${pick.split}: ${sample.id}`, picture, captionOf(sample, pick, classes));
}

function captionOf(
  { widthPx, heightPx, annotations }: DetectionSample,
  { marked }: ContactPick,
  classes: readonly string[],
): string {
  const boxes = annotations.length === 1 ? "1 box" : `${annotations.length} boxes`;
  const pointed = marked.map((i) => {
    const { boxXyxy: [x1, y1, x2, y2], classIndex } = annotations[i];
    return `${classes[classIndex]} ${Math.round(x2 - x1)} x ${Math.round(y2 - y1)} px`;
  });
  return [`${widthPx} x ${heightPx} px, ${boxes}`, ...pointed].join("; ");
}
