/**
 * What readers give and loaders take: images with labels or boxes, independent of the layout on disk.
 *
 * @module
 */

import type { SampleList } from "./sample_list.ts";

/** Pixels as stored in memory: `[height, width, 3]` uint8, RGB, row by row. */
export interface RgbImage {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `[height, width, 3]`, row by row. */
  readonly data: Uint8Array;
}

/** Where an image's pixels come from: a file (decoded by the loader) or a function (generated). */
export type ImageSource =
  | { readonly file: string }
  | { readonly generate: () => RgbImage };

/** One image of a classification set. */
export interface ClassificationSample {
  /** Unique and stable, e.g. `train/cat/0001.jpg`: named in messages, and keys its augmentation. */
  readonly id: string;
  /** Where the pixels come from. */
  readonly source: ImageSource;
  /** 0..K-1, index into {@linkcode ClassificationSet.classes}. */
  readonly classIndex: number;
}

/** A readable classification set, e.g. one split of an image folder. */
export interface ClassificationSet {
  /** What the set is called, e.g. its split. */
  readonly name: string;
  /** The classes' names, in the order of their indices. */
  readonly classes: readonly string[];
  /** The images. */
  readonly samples: SampleList<ClassificationSample>;
}

/** One annotated object. */
export interface Annotation {
  /** x1, y1, x2, y2 in pixels of the original image; x2 and y2 are past the last pixel. */
  readonly boxXyxy: readonly [number, number, number, number];
  /** 0..K-1, index into {@linkcode DetectionSet.classes}. */
  readonly classIndex: number;
  /** COCO: a region of many objects, matched by nothing and never a false positive. */
  readonly isCrowd: boolean;
  /** VOC: not counted in evaluation. */
  readonly isDifficult: boolean;
  /** In square pixels; COCO's is that of the mask where given, else the box's. */
  readonly areaPx: number;
}

/** One image of a detection set. */
export interface DetectionSample {
  /** Unique and stable, e.g. `BloodImage_00001`; for COCO the image's number as text. */
  readonly id: string;
  /** Where the pixels come from. */
  readonly source: ImageSource;
  /** Of the original image. */
  readonly widthPx: number;
  /** Of the original image. */
  readonly heightPx: number;
  /** The objects in it; may be empty. */
  readonly annotations: readonly Annotation[];
}

/** An annotation that was left out, and why: reported, counted, never hidden. */
export interface SkippedAnnotation {
  /** The file it stands in, relative to the data folder. */
  readonly file: string;
  /** e.g. `object 3 (WBC): box 10,20,10,40 has no area`. */
  readonly reason: string;
}

/** A readable detection set, e.g. one split of a VOC tree. */
export interface DetectionSet {
  /** What the set is called, e.g. its split. */
  readonly name: string;
  /** The classes' names, in the order of their indices. */
  readonly classes: readonly string[];
  /** The images. */
  readonly samples: SampleList<DetectionSample>;
  /** What was left out of them. */
  readonly skipped: readonly SkippedAnnotation[];
}

/** A classification batch: plain memory, no tensors. */
export interface ClassificationBatch {
  /** `[N, H, W, 3]` uint8, RGB. */
  readonly images: Uint8Array;
  /** N, H, W and the three colours. */
  readonly shape: readonly [number, number, number, 3];
  /** `[N]`. */
  readonly classIndices: Int32Array;
  /** Each image's id. */
  readonly ids: readonly string[];
}

/** A detection batch: images padded (bottom, right) onto one canvas, boxes in canvas pixels. */
export interface DetectionBatch {
  /** `[N, H, W, 3]` uint8, RGB; padding is 0. */
  readonly images: Uint8Array;
  /** N, H, W and the three colours. */
  readonly shape: readonly [number, number, number, 3];
  /** Per image: what it takes to go from canvas pixels back to original ones: `original = canvas / scale`. */
  readonly placements: readonly ImagePlacement[];
  /** Per image `[M, 4]` float32 x1, y1, x2, y2 in canvas pixels; crowds are left out in training. */
  readonly boxesXyxy: readonly Float32Array[];
  /** Per image `[M]`. */
  readonly classIndices: readonly Int32Array[];
  /** Each image's id. */
  readonly ids: readonly string[];
}

/** Where an image lies on its canvas (always at the top left corner). */
export interface ImagePlacement {
  /** Columns of the canvas that the image fills, from the left. */
  readonly widthPx: number;
  /** Rows of the canvas that the image fills, from the top. */
  readonly heightPx: number;
  /** Canvas pixels for one original pixel, along a row. */
  readonly scaleX: number;
  /** The same along a column. */
  readonly scaleY: number;
}
