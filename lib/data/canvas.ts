/**
 * Puts detection images onto canvases: the few fixed sizes that compiled functions know. An image lies at the
 * top left, boxes move with it.
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";
import { jitterColor } from "./augment.ts";
import { resample, type Turn } from "./resample.ts";
import type { Annotation, DetectionSample, ImagePlacement, RgbImage } from "./sample.ts";

/** A canvas's size in pixels. */
export interface Canvas {
  /** Rows. */
  readonly heightPx: number;
  /** Columns. */
  readonly widthPx: number;
}

/** How a training image is varied. */
export interface DetectionAugmentation {
  /** Whether half of the images are mirrored left and right. */
  readonly flip: boolean;
  /** Whether half of the images are turned upside down (microscopes and satellites know no up). */
  readonly verticalFlip: boolean;
  /** The image's size, relative to the one that fits the canvas, is drawn from [min, max]; [1, 1] is none. */
  readonly scaleJitter: readonly [number, number];
  /** Strength of brightness, contrast and saturation jitter; 0, the default, is none. */
  readonly colorJitter?: number;
}

/** What of a sample its placement depends on. */
export type PlacedSample = Pick<DetectionSample, "widthPx" | "heightPx" | "annotations">;

/** An image ready for its canvas. */
export interface PlacedImage {
  /** At most the canvas's size. */
  readonly image: RgbImage;
  /** Extent on the canvas, and scale. */
  readonly placement: ImagePlacement;
  /** `[M, 4]` float32 x1, y1, x2, y2 in canvas pixels. */
  readonly boxesXyxy: Float32Array;
  /** `[M]`. */
  readonly classIndices: Int32Array;
}

/** After a crop, a box that keeps less than this share of its area is dropped: a sliver names nothing. */
const minVisibleShare = 0.1;

/**
 * The canvas on which an image comes out largest; of equals the smaller canvas, then the first.
 *
 * @returns An index into `canvases`.
 */
export function chooseCanvas(canvases: readonly Canvas[], widthPx: number, heightPx: number): number {
  const area = ({ widthPx, heightPx }: Canvas): number => widthPx * heightPx;
  let best = 0;
  for (let i = 1; i < canvases.length; i++) {
    const gain = fitScale(canvases[i], widthPx, heightPx) / fitScale(canvases[best], widthPx, heightPx);
    const isBetter = Math.abs(gain - 1) < 1e-9 ? area(canvases[i]) < area(canvases[best]) : gain > 1;
    if (isBetter) best = i;
  }
  return best;
}

/** Where an image lies when it fills the canvas as far as its aspect ratio allows (small images are enlarged). */
export function fitOnCanvas(canvas: Canvas, widthPx: number, heightPx: number): ImagePlacement {
  return placementOf(widthPx, heightPx, fitScale(canvas, widthPx, heightPx));
}

/**
 * Places an image without change: evaluation.
 *
 * @param image The sample's image at any size.
 */
export function placeForEvaluation(
  image: RgbImage,
  sample: PlacedSample,
  canvas: Canvas,
): PlacedImage {
  const placement = fitOnCanvas(canvas, sample.widthPx, sample.heightPx);
  return {
    image: resample(image, placement.widthPx, placement.heightPx),
    placement,
    ...boxesOnCanvas(sample.annotations, placement, 0, 0),
  };
}

/**
 * Places an image with scale jitter, flips and colour jitter: training. A jittered image smaller than the canvas leaves more
 * padding; a larger one is cropped at a random place to what the canvas holds. Crowds are left out, difficult
 * objects are kept.
 *
 * The placement's size and scale are the jittered ones; it says nothing of crop and flip, so boxes of training
 * batches can't be taken back to the original image.
 *
 * @param image The sample's image at any size; not changed.
 * @param random Opened for this image in this epoch.
 */
export function placeForTraining(
  image: RgbImage,
  sample: PlacedSample,
  canvas: Canvas,
  options: DetectionAugmentation,
  random: RandomStream,
): PlacedImage {
  const [low, high] = options.scaleJitter;
  const jitter = low + (high - low) * random.uniform();
  const [cropX, cropY] = [random.uniform(), random.uniform()];
  const scale = fitScale(canvas, sample.widthPx, sample.heightPx) * jitter;
  const whole = placementOf(sample.widthPx, sample.heightPx, scale); // before cropping
  const widthPx = Math.min(whole.widthPx, canvas.widthPx);
  const heightPx = Math.min(whole.heightPx, canvas.heightPx);
  const [left, top] = [cropX * (whole.widthPx - widthPx), cropY * (whole.heightPx - heightPx)];
  const [unitX, unitY] = [image.width / whole.widthPx, image.height / whole.heightPx];
  const window = { x: left * unitX, y: top * unitY, width: widthPx * unitX, height: heightPx * unitY };
  const placement = { ...whole, widthPx, heightPx };
  const turn = {
    isMirrored: options.flip && random.uniform() < 0.5,
    isUpsideDown: options.verticalFlip && random.uniform() < 0.5,
  };
  const { boxesXyxy, classIndices } = boxesOnCanvas(
    sample.annotations.filter(({ isCrowd }) => !isCrowd),
    placement,
    left,
    top,
  );
  const view = resample(image, widthPx, heightPx, window, turn);
  return {
    image: options.colorJitter ? jittered(view, options.colorJitter, random) : view,
    placement,
    boxesXyxy: turnBoxes(boxesXyxy, placement, turn),
    classIndices,
  };
}

/** A copy: what was resampled to its own size is the caller's image. */
function jittered(image: RgbImage, strength: number, random: RandomStream): RgbImage {
  const own = { ...image, data: image.data.slice() };
  jitterColor(own, strength, random);
  return own;
}

/** Moves boxes with the turned image. */
function turnBoxes(
  boxesXyxy: Float32Array,
  { widthPx, heightPx }: ImagePlacement,
  { isMirrored, isUpsideDown }: Turn,
): Float32Array {
  const isTurned = [isMirrored, isUpsideDown];
  const sidePx = [widthPx, heightPx];
  // i ^ 2 swaps x1 with x2 and y1 with y2.
  return boxesXyxy.map((edge, i) => isTurned[i % 2] ? sidePx[i % 2] - boxesXyxy[i ^ 2] : edge);
}

/** Copies an image to the top left of a zeroed canvas in a batch's memory. */
export function drawOnCanvas(image: RgbImage, canvas: Canvas, target: Uint8Array): void {
  const stride = image.width * 3;
  for (let y = 0; y < image.height; y++) {
    target.set(image.data.subarray(y * stride, (y + 1) * stride), y * canvas.widthPx * 3);
  }
}

function fitScale(canvas: Canvas, widthPx: number, heightPx: number): number {
  return Math.min(canvas.widthPx / widthPx, canvas.heightPx / heightPx);
}

function placementOf(widthPx: number, heightPx: number, scale: number): ImagePlacement {
  const [width, height] = [
    Math.max(1, Math.round(widthPx * scale)),
    Math.max(1, Math.round(heightPx * scale)),
  ];
  return { widthPx: width, heightPx: height, scaleX: width / widthPx, scaleY: height / heightPx };
}

/** Scales boxes, moves them by the crop's corner, cuts them at the placed image's edges. */
function boxesOnCanvas(
  annotations: readonly Annotation[],
  placement: ImagePlacement,
  left: number,
  top: number,
): { boxesXyxy: Float32Array; classIndices: Int32Array } {
  const { widthPx, heightPx, scaleX, scaleY } = placement;
  const boxes: number[] = [];
  const classIndices: number[] = [];
  for (const { boxXyxy: [x1, y1, x2, y2], classIndex } of annotations) {
    const cutX1 = Math.max(0, x1 * scaleX - left), cutX2 = Math.min(widthPx, x2 * scaleX - left);
    const cutY1 = Math.max(0, y1 * scaleY - top), cutY2 = Math.min(heightPx, y2 * scaleY - top);
    const visibleArea = Math.max(0, cutX2 - cutX1) * Math.max(0, cutY2 - cutY1);
    if (visibleArea < minVisibleShare * (x2 - x1) * scaleX * (y2 - y1) * scaleY) continue;
    boxes.push(cutX1, cutY1, cutX2, cutY2);
    classIndices.push(classIndex);
  }
  return { boxesXyxy: Float32Array.from(boxes), classIndices: Int32Array.from(classIndices) };
}
