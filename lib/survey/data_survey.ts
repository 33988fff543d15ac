/**
 * What a detection data set looks like, in numbers: one pass over its annotations, no pixel is read.
 *
 * @module
 */
import { type Canvas, chooseCanvas, fitOnCanvas } from "../data/canvas.ts";
import type { DetectionSample, DetectionSet } from "../data/sample.ts";
import { type Quantiles, quantilesOf } from "./quantiles.ts";

/** The three splits, or a part of them. */
export interface SurveyedData {
  readonly train: DetectionSet;
  readonly val: DetectionSet;
  readonly test: DetectionSet;
}

/** Which split. */
export type SplitName = keyof SurveyedData;

/** The splits in order. */
export const splitNames: readonly SplitName[] = ["train", "val", "test"];

/** One split's counts. */
export interface SplitSurvey {
  readonly images: number;
  /** Images without any box. */
  readonly emptyImages: number;
  readonly boxes: number;
  /** Boxes an image; null without images. */
  readonly boxesPerImage: Quantiles | null;
}

/** Boxes of a class, by split. */
export interface ClassSurvey extends Readonly<Record<SplitName, number>> {
  readonly name: string;
}

/** Shares by COCO's bounds: small under 32 x 32 px, large from 96 x 96 px on. */
export interface SizeShares {
  readonly small: number;
  readonly medium: number;
  readonly large: number;
}

/** A data set in numbers. */
export interface DataSurvey {
  readonly splits: Readonly<Record<SplitName, SplitSurvey>>;
  /** In the classes' order. */
  readonly classes: readonly ClassSurvey[];
  /** Images' width and height, px; null without images. */
  readonly imageWidthPx: Quantiles | null;
  readonly imageHeightPx: Quantiles | null;
  /** Side of the square of a box's area, in pixels of the image; null without boxes. */
  readonly sidePx: Quantiles | null;
  /** The same on the canvas that the detector sees. */
  readonly canvasSidePx: Quantiles | null;
  /** Height over width. */
  readonly aspectRatio: Quantiles | null;
  /** Of the boxes as the detector sees them. */
  readonly sizes: SizeShares;
  /** Sides on the canvas: boxes in each octave from under 4 px, 4..8, 8..16, … to 256 and more. */
  readonly sideOctaves: readonly number[];
}

/** A box as the detector sees it: its extent on the canvas. */
export interface BoxExtent {
  /** Columns. */
  readonly widthPx: number;
  /** Rows. */
  readonly heightPx: number;
}

/** The octaves of {@linkcode DataSurvey.sideOctaves}. */
export const octaveLabels: readonly string[] = [
  "under 4",
  "4-8",
  "8-16",
  "16-32",
  "32-64",
  "64-128",
  "128-256",
  "256 and more",
];

/**
 * Counts and measures a data set. Crowds are no boxes.
 *
 * @param data The splits.
 * @param canvases The detector's.
 */
export function surveyData(data: SurveyedData, canvases: readonly Canvas[]): DataSurvey {
  const samples = splitNames.flatMap((split) => [...data[split].samples]);
  const boxes = samples.flatMap((sample) =>
    boxesOf(sample).map(({ boxXyxy: [x1, y1, x2, y2] }) => [x2 - x1, y2 - y1])
  );
  const extents = samples.flatMap((sample) => extentsOnCanvas(sample, canvases));
  const sides = extents.map(sideOf);
  return {
    splits: {
      train: surveySplit(data.train),
      val: surveySplit(data.val),
      test: surveySplit(data.test),
    },
    classes: surveyClasses(data),
    imageWidthPx: quantilesOf(samples.map(({ widthPx }) => widthPx)),
    imageHeightPx: quantilesOf(samples.map(({ heightPx }) => heightPx)),
    sidePx: quantilesOf(boxes.map(([width, height]) => Math.sqrt(width * height))),
    canvasSidePx: quantilesOf(sides),
    aspectRatio: quantilesOf(boxes.map(([width, height]) => height / width)),
    sizes: sizeShares(sides),
    sideOctaves: octaves(sides),
  };
}

/** Every box of a sample that the detector learns, as large as it is on its canvas. */
export function extentsOnCanvas(sample: DetectionSample, canvases: readonly Canvas[]): BoxExtent[] {
  const { widthPx, heightPx } = sample;
  const { scaleX, scaleY } = fitOnCanvas(
    canvases[chooseCanvas(canvases, widthPx, heightPx)],
    widthPx,
    heightPx,
  );
  return boxesOf(sample).map(({ boxXyxy: [x1, y1, x2, y2] }) => ({
    widthPx: (x2 - x1) * scaleX,
    heightPx: (y2 - y1) * scaleY,
  }));
}

/** A config's canvases. */
export function canvasesOf(
  { canvases }: { readonly canvases: readonly (readonly [number, number])[] },
): Canvas[] {
  return canvases.map(([heightPx, widthPx]) => ({ heightPx, widthPx }));
}

function boxesOf({ annotations }: DetectionSample): DetectionSample["annotations"] {
  return annotations.filter(({ isCrowd }) => !isCrowd);
}

function sideOf({ widthPx, heightPx }: BoxExtent): number {
  return Math.sqrt(widthPx * heightPx);
}

function surveySplit({ samples }: DetectionSet): SplitSurvey {
  const counts = Array.from(samples, (sample) => boxesOf(sample).length);
  return {
    images: counts.length,
    emptyImages: counts.filter((count) => count === 0).length,
    boxes: counts.reduce((sum, count) => sum + count, 0),
    boxesPerImage: quantilesOf(counts),
  };
}

function surveyClasses(data: SurveyedData): ClassSurvey[] {
  const counts = data.train.classes.map((name) => ({ name, train: 0, val: 0, test: 0 }));
  for (const split of splitNames) {
    for (const sample of data[split].samples) {
      for (const { classIndex } of boxesOf(sample)) counts[classIndex][split]++;
    }
  }
  return counts;
}

function sizeShares(sides: readonly number[]): SizeShares {
  const share = (low: number, high: number): number =>
    sides.filter((side) => side >= low && side < high).length / Math.max(1, sides.length);
  return { small: share(0, 32), medium: share(32, 96), large: share(96, Infinity) };
}

function octaves(sides: readonly number[]): number[] {
  const counts = octaveLabels.map(() => 0);
  for (const side of sides) {
    counts[Math.max(0, Math.min(counts.length - 1, Math.floor(Math.log2(side)) - 1))]++;
  }
  return counts;
}
