/**
 * COCO's AP of a growing set of images, and how sure it is: what the AP would be without each image in turn.
 *
 * @module
 */
import { sortByScore } from "../boxes/score_order.ts";
import { cocoIouThresholds, matchCoco } from "./coco_match.ts";
import { type Detection, detectionColumns } from "./detection.ts";
import { type GroundTruth, groundTruthColumns } from "./ground_truth.ts";

/** One class's detections over all images so far. */
interface ClassRows {
  readonly scores: number[];
  /** Bit t: the detection found an object at threshold t. */
  readonly matched: number[];
  /** Bit t: it counts neither for nor against. */
  readonly ignored: number[];
  /** The image of each. */
  readonly images: number[];
  /** Objects by image. */
  readonly positives: number[];
}

const recallCount = 101;

/** The AP of images that come one by one. */
export class ImageAps {
  readonly #classes: readonly ClassRows[];
  #images = 0;
  /** By number of images, as rivals are asked again and again. */
  readonly #aps = new Map<number, number>();
  readonly #without = new Map<number, Float64Array>();

  /** @param classCount K. */
  constructor(classCount: number) {
    this.#classes = Array.from(
      { length: classCount },
      () => ({ scores: [], matched: [], ignored: [], images: [], positives: [] }),
    );
  }

  /** How many images there are so far. */
  get images(): number {
    return this.#images;
  }

  /**
   * Adds an image.
   *
   * @param groundTruth Of this image alone.
   * @param detections In it.
   * @throws {RangeError} As `evaluateCoco` does.
   */
  add(groundTruth: GroundTruth, detections: readonly Detection[]): void {
    const found = matchCoco(groundTruthColumns(groundTruth), detectionColumns(detections, groundTruth));
    const areas = found.matched.length;
    this.#classes.forEach((rows, k) => {
      rows.positives.push(found.positives[k * areas]);
      for (let row = found.classStarts[k]; row < found.classStarts[k + 1]; row++) {
        rows.scores.push(found.scores[row]);
        rows.matched.push(found.matched[0][row]);
        rows.ignored.push(found.ignored[0][row]);
        rows.images.push(this.#images);
      }
    });
    this.#images++;
  }

  /** AP over IoU 0.50..0.95, all areas, as `evaluateCoco` gives; -1 if nothing defines it. */
  ap(images = this.#images): number {
    let ap = this.#aps.get(images);
    if (ap === undefined) {
      ap = meanAp(this.#classes.map((rows) => firstImages(rows, images)), -1);
      this.#aps.set(images, ap);
    }
    return ap;
  }

  /**
   * The AP of the first images but one, for each of them.
   *
   * @param images How many.
   */
  apsWithout(images: number): Float64Array {
    let aps = this.#without.get(images);
    if (aps === undefined) {
      const sorted = this.#classes.map((rows) => firstImages(rows, images));
      aps = Float64Array.from({ length: images }, (_, image) => meanAp(sorted, image));
      this.#without.set(images, aps);
    }
    return aps;
  }
}

/** A class's detections in some images, best first. */
interface SortedRows {
  readonly matched: Uint16Array;
  readonly ignored: Uint16Array;
  readonly images: Int32Array;
  readonly positives: readonly number[];
  /** Room for as many precisions. */
  readonly peaks: Float64Array;
}

function firstImages(rows: ClassRows, images: number): SortedRows {
  const end = rows.images.findIndex((image) => image >= images);
  const order = Int32Array.from({ length: end < 0 ? rows.images.length : end }, (_, i) => i);
  sortByScore(order, Float64Array.from(rows.scores));
  return {
    matched: Uint16Array.from(order, (row) => rows.matched[row]),
    ignored: Uint16Array.from(order, (row) => rows.ignored[row]),
    images: order.map((row) => rows.images[row]),
    positives: rows.positives.slice(0, images),
    peaks: new Float64Array(order.length),
  };
}

/** Over the classes that have objects; -1 if none has. */
function meanAp(classes: readonly SortedRows[], without: number): number {
  let [sum, count] = [0, 0];
  for (const rows of classes) {
    const positives = rows.positives.reduce((total, n, image) => image === without ? total : total + n, 0);
    if (positives === 0) continue;
    for (let t = 0; t < cocoIouThresholds.length; t++) {
      sum += sumOfPrecisions(rows, 1 << t, positives, without);
      count += recallCount;
    }
  }
  return count === 0 ? -1 : sum / count;
}

/**
 * The largest precision at recall of at least 0.00, 0.01, …, 1.00, summed. Recall rises, and precision peaks, where an
 * object is found; so only those places are kept.
 */
function sumOfPrecisions(rows: SortedRows, bit: number, positives: number, without: number): number {
  const { matched, ignored, images, peaks } = rows;
  let [found, count] = [0, 0];
  for (let row = 0; row < matched.length; row++) {
    if (images[row] === without || ignored[row] & bit) continue;
    count++;
    if (!(matched[row] & bit)) continue;
    found++;
    peaks[found - 1] = found / (count + Number.EPSILON); // COCO's tool adds the epsilon
  }
  for (let i = found - 1; i > 0; i--) peaks[i - 1] = Math.max(peaks[i - 1], peaks[i]);
  let sum = 0;
  for (let r = 0, i = 0; r < recallCount; r++) {
    while (i < found && (i + 1) / positives < r * 0.01) i++;
    if (i < found) sum += peaks[i];
  }
  return sum;
}

/** How far a candidate is from its rivals' mean on images that all have seen. */
export interface PairedDifference {
  /** The candidate's AP less the mean of the rivals'. */
  readonly difference: number;
  /** The jackknife's standard error of that difference, as an estimate for images like these. */
  readonly standardError: number;
}

/**
 * Compares on the same images by the delete-one jackknife (Efron 1982): images that all find hard move no difference, so
 * it is far surer than either AP; and the mean of several rivals is steadier than one.
 *
 * @param candidate The difference is of all its images.
 * @param rivals At least one; their first images are the candidate's.
 */
export function pairedDifference(candidate: ImageAps, rivals: readonly ImageAps[]): PairedDifference {
  const { images } = candidate;
  const meanOf = (value: (rival: ImageAps) => number): number =>
    rivals.reduce((sum, rival) => sum + value(rival), 0) / rivals.length;
  const without = candidate.apsWithout(images)
    .map((ap, image) => ap - meanOf((rival) => rival.apsWithout(images)[image]));
  const mean = without.reduce((sum, value) => sum + value, 0) / images;
  const squares = without.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    difference: candidate.ap() - meanOf((rival) => rival.ap(images)),
    standardError: Math.sqrt((images - 1) / images * squares),
  };
}
