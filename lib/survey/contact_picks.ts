/**
 * Which images of a data set to show, so that a look at a few tells of all.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import { type SplitName, splitNames, type SurveyedData } from "./data_survey.ts";
import { type Suspicion, suspicionTexts } from "./suspicions.ts";

/** An image to show. */
export interface ContactPick {
  readonly split: SplitName;
  /** Position in the split. */
  readonly index: number;
  /** Annotations to point at, by position. */
  readonly marked: readonly number[];
}

/** Images under one heading. */
export interface ContactGroup {
  readonly title: string;
  readonly picks: readonly ContactPick[];
}

const randomImages = 9;
const extremeImages = 3;
const suspectImages = 3;

interface PlacedBox extends Omit<ContactPick, "marked"> {
  readonly annotation: number;
  readonly areaPx: number;
}

/**
 * Picks a fixed draw of images from all splits, the largest and smallest boxes, the most crowded images, and the first of
 * each suspicion. A group without images is left out.
 *
 * @param data The splits.
 * @param suspicions What was found in them.
 */
export function contactPicks(data: SurveyedData, suspicions: readonly Suspicion[]): ContactGroup[] {
  const boxes = placedBoxes(data);
  const byArea = boxes.toSorted((a, b) => a.areaPx - b.areaPx);
  const groups: ContactGroup[] = [
    { title: "Drawn at random", picks: randomPicks(data) },
    { title: "Largest boxes", picks: firstImages(byArea.toReversed(), extremeImages) },
    { title: "Smallest boxes", picks: firstImages(byArea, extremeImages) },
    { title: "Most crowded", picks: crowded(data) },
    ...suspectGroups(suspicions),
  ];
  return groups.filter(({ picks }) => picks.length > 0);
}

function suspectGroups(suspicions: readonly Suspicion[]): ContactGroup[] {
  const ofKind = Map.groupBy(suspicions, ({ kind }) => kind);
  return [...ofKind].map(([kind, found]) => ({
    title: `Suspicious: ${suspicionTexts[kind]}`,
    picks: firstImages(found, suspectImages),
  }));
}

/** The images of the first findings, each once, with all that is pointed at among these findings. */
function firstImages(
  found: readonly (Omit<ContactPick, "marked"> & { readonly annotation: number | null })[],
  count: number,
): ContactPick[] {
  const images = new Map<string, { pick: Omit<ContactPick, "marked">; marked: number[] }>();
  for (const { split, index, annotation } of found) {
    const key = `${split} ${index}`;
    if (!images.has(key) && images.size === count) break;
    const image = images.get(key) ?? { pick: { split, index }, marked: [] };
    if (annotation !== null) image.marked.push(annotation);
    images.set(key, image);
  }
  return [...images.values()].map(({ pick, marked }) => ({ ...pick, marked }));
}

function randomPicks(data: SurveyedData): ContactPick[] {
  const places = splitNames.flatMap((split) =>
    Array.from({ length: data[split].samples.length }, (_, index) => ({ split, index, marked: [] }))
  );
  const order = permutation(stream(0, "contact sheet"), places.length);
  return Array.from(order.subarray(0, randomImages), (i) => places[i]);
}

function crowded(data: SurveyedData): ContactPick[] {
  const counted = splitNames.flatMap((split) =>
    Array.from(data[split].samples, ({ annotations }, index) => ({ split, index, count: annotations.length }))
  );
  return counted.filter(({ count }) => count > 1).sort((a, b) => b.count - a.count).slice(0, extremeImages)
    .map(({ split, index }) => ({ split, index, marked: [] }));
}

function placedBoxes(data: SurveyedData): PlacedBox[] {
  return splitNames.flatMap((split) =>
    Array.from(
      data[split].samples,
      ({ annotations }, index) =>
        annotations.map(({ boxXyxy: [x1, y1, x2, y2] }, annotation) => ({
          split,
          index,
          annotation,
          areaPx: (x2 - x1) * (y2 - y1),
        })),
    ).flat()
  );
}
