/**
 * The part of a report's records that is about one evaluation and its photographs.
 *
 * @module
 */

/** COCO's AP at one class; -1 where it is undefined (no ground truth). */
export interface ClassAp {
  /** Mean over IoU 0.50 to 0.95. */
  readonly AP: number;
  /** At IoU 0.50. */
  readonly AP50: number;
}

/** The six APs of COCO's twelve numbers; -1 where one is undefined. */
export interface ApSummary extends ClassAp {
  /** At IoU 0.75. */
  readonly AP75: number;
  /** Of objects under 32² px. */
  readonly APs: number;
  /** Of objects of 32² to 96² px. */
  readonly APm: number;
  /** Of objects over 96² px. */
  readonly APl: number;
}

/** An evaluation of the trained detector on one split. */
export interface ReportEvaluation {
  /** What was evaluated on what, e.g. `Retrained winner, test split`. */
  readonly title: string;
  /** Images of the split. */
  readonly images: number;
  /** Over all classes. */
  readonly summary: ApSummary;
  /** By class name, in the order to show. */
  readonly perClass: Readonly<Record<string, ClassAp>>;
  /** What stands behind these numbers; `null` where only they were kept. */
  readonly details: ReportDetails | null;
}

/** An evaluation down to classes, sizes and images. */
export interface ReportDetails {
  /** By class, in the order that fixes its colour. */
  readonly classes: readonly ReportClass[];
  /** Small, medium, large objects. */
  readonly sizes: readonly ReportSize[];
  /** What was taken for what. */
  readonly confusion: ReportConfusion;
  /** Every image of the split. */
  readonly images: readonly ReportImage[];
}

/** One class's numbers; an AP or AR is -1 if it has no objects. */
export interface ReportClass extends ClassAp {
  /** The class in words. */
  readonly name: string;
  /** Its objects. */
  readonly objects: number;
  /** At IoU 0.75. */
  readonly AP75: number;
  /** Mean largest recall over IoU 0.50 to 0.95, with 100 detections an image. */
  readonly AR100: number;
  /** `[101]` precision at recall 0.00, 0.01, …, 1.00 and IoU 0.50; `null` without objects. */
  readonly precision50: readonly number[] | null;
  /** The same at IoU 0.75. */
  readonly precision75: readonly number[] | null;
}

/** Objects of one of COCO's area ranges; -1 where there are none. */
export interface ReportSize {
  /** Which range. */
  readonly name: "small" | "medium" | "large";
  /** Objects in it. */
  readonly objects: number;
  /** Mean over IoU 0.50 to 0.95. */
  readonly AP: number;
  /** Mean largest recall over the same, with 100 detections an image. */
  readonly AR100: number;
}

/** Counts by true class and detected class; the last row and column are the background. */
export interface ReportConfusion {
  /** Least score of a detection, and least overlap to have found an object. */
  readonly thresholds: { readonly score: number; readonly iou: number };
  /** `[K + 1, K + 1]`. */
  readonly counts: readonly (readonly number[])[];
}

/** How one image fared. */
export interface ReportImage {
  /** Its id. */
  readonly id: string;
  /** COCO's AP of this image alone; -1 without objects. */
  readonly AP: number;
  /** Its objects. */
  readonly objects: number;
  /** Objects that a detection of their class took. */
  readonly found: number;
  /** Detections that took none or one of another class. */
  readonly spurious: number;
}

/** Photographs with boxes. */
export interface ReportGallery {
  /** Every class, in the order that fixes its colour. */
  readonly classNames: readonly string[];
  /** Detections under this score are not drawn. */
  readonly minScore: number;
  /** In the order to show. */
  readonly groups: readonly PictureGroup[];
}

/** Photographs that are shown for the same reason. */
export interface PictureGroup {
  /** Heading, e.g. `Worst images`. */
  readonly title: string;
  /** In the order to show. */
  readonly pictures: readonly ReportPicture[];
}

/** One photograph, its detections and its ground truth; boxes are x1, y1, x2, y2 in its pixels. */
export interface ReportPicture {
  /** Caption, such as the file's name. */
  readonly title: string;
  /** The encoded image, JPEG or PNG; an EXIF rotation is ignored, as the boxes are in stored pixels. */
  readonly bytes: Uint8Array;
  /** Width of the image, px. */
  readonly widthPx: number;
  /** Height of the image, px. */
  readonly heightPx: number;
  /** What the detector found; the score is 0..1. */
  readonly detections: readonly (ReportBox & { readonly score: number })[];
  /** What the annotations say. */
  readonly truths: readonly ReportBox[];
  /** How the image fared; `null` where that was not kept. */
  readonly outcome: ReportImage | null;
}

/** A box of a class. */
export interface ReportBox {
  /** The class in words. */
  readonly className: string;
  /** Left, top, right, bottom edge, px. */
  readonly boxXyxy: readonly [number, number, number, number];
}
