/**
 * Annotations that can be read and yet are likely wrong. Nothing is left out because of them: people look and decide.
 *
 * @module
 */
import { iouMatrix } from "../boxes/iou.ts";
import type { Canvas } from "../data/canvas.ts";
import type { Annotation, DetectionSample } from "../data/sample.ts";
import { extentsOnCanvas, type SplitName, splitNames, type SurveyedData } from "./data_survey.ts";

/** What may be wrong; each kind is told once, with its count and some examples. */
export type SuspicionKind = keyof typeof suspicionTexts;

/** What each kind says. */
export const suspicionTexts = {
  duplicate: "boxes annotated twice (same class, IoU above 0.9)",
  conflict: "boxes annotated with two classes (IoU above 0.9)",
  tiny: "boxes under 4 px on the canvas: too small to be found",
  thin: "boxes more than 10 times as long as wide",
  whole: "boxes that fill over 95 % of their image",
  empty: "images without boxes: fine if nothing is there to find",
} as const;

/** One finding. */
export interface Suspicion {
  readonly kind: SuspicionKind;
  readonly split: SplitName;
  /** Position in the split. */
  readonly index: number;
  /** The sample's id. */
  readonly imageId: string;
  /** Which of the sample's annotations; null where it is about the image. */
  readonly annotation: number | null;
}

const sameIou = 0.9;
const tinySidePx = 4;
const thinRatio = 10;
const wholeShare = 0.95;

/**
 * Looks for them, split by split, image by image.
 *
 * @param data The splits.
 * @param canvases The detector's: what is tiny depends on it.
 */
export function findSuspicions(data: SurveyedData, canvases: readonly Canvas[]): Suspicion[] {
  const found: Suspicion[] = [];
  for (const split of splitNames) {
    let index = 0;
    for (const sample of data[split].samples) {
      const place = { split, index: index++, imageId: sample.id };
      if (sample.annotations.length === 0) found.push({ kind: "empty", ...place, annotation: null });
      for (const { kind, annotation } of suspectBoxes(sample, canvases)) {
        found.push({ kind, ...place, annotation });
      }
    }
  }
  return found;
}

/** Classes that training has no box of, with the splits that have. */
export function untaughtClasses(data: SurveyedData): { name: string; splits: SplitName[] }[] {
  const has = (split: SplitName): Set<number> => {
    const classes = new Set<number>();
    for (const { annotations } of data[split].samples) {
      for (const { classIndex } of annotations) classes.add(classIndex);
    }
    return classes;
  };
  const [train, val, test] = [has("train"), has("val"), has("test")];
  return data.train.classes.map((name, index) => {
    const splits: SplitName[] = [
      ...(val.has(index) ? ["val" as const] : []),
      ...(test.has(index) ? ["test" as const] : []),
    ];
    return { name, splits: train.has(index) ? [] : splits };
  }).filter(({ splits }) => splits.length > 0);
}

type BoxSuspicion = Pick<Suspicion, "kind"> & { readonly annotation: number };

function suspectBoxes(sample: DetectionSample, canvases: readonly Canvas[]): BoxSuspicion[] {
  const kept = sample.annotations.map((annotation, at) => ({ annotation, at })).filter(({ annotation }) =>
    !annotation.isCrowd
  );
  const extents = extentsOnCanvas(sample, canvases);
  const boxes = Float32Array.from(kept.flatMap(({ annotation }) => [...annotation.boxXyxy]));
  const ious = iouMatrix(boxes, boxes);
  return kept.flatMap(({ annotation, at }, i): BoxSuspicion[] => {
    const earlier = kept.slice(0, i).find((_, j) => ious[i * kept.length + j] > sameIou);
    const repeats: SuspicionKind[] = earlier === undefined
      ? []
      : [earlier.annotation.classIndex === annotation.classIndex ? "duplicate" : "conflict"];
    const { widthPx, heightPx } = extents[i];
    const shape = shapeSuspicions(annotation, sample, Math.sqrt(widthPx * heightPx));
    return [...repeats, ...shape].map((kind) => ({ kind, annotation: at }));
  });
}

function shapeSuspicions(
  { boxXyxy }: Annotation,
  sample: DetectionSample,
  canvasSidePx: number,
): SuspicionKind[] {
  const [width, height] = [boxXyxy[2] - boxXyxy[0], boxXyxy[3] - boxXyxy[1]];
  const kinds: SuspicionKind[] = [];
  if (canvasSidePx < tinySidePx) kinds.push("tiny");
  if (Math.max(width / height, height / width) > thinRatio) kinds.push("thin");
  if (width * height > wholeShare * sample.widthPx * sample.heightPx) kinds.push("whole");
  return kinds;
}
