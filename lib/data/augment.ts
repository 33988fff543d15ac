/**
 * Augmentation of classification images (DetNAS' pre-training recipe: random resized crop, colour jitter 0.4,
 * flip) and the fixed crop of evaluation. Pure functions of an image and a stream of draws: no tensors, no state.
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";
import { blendWithGrey, blendWithLevel, meanGrey } from "./pixels.ts";
import { type PixelWindow, resample } from "./resample.ts";
import type { RgbImage } from "./sample.ts";

/** How a training image is varied. */
export interface ClassificationAugmentation {
  /** Share of the image's area that a crop covers, [min, max]; the paper's is [0.08, 1]. */
  readonly cropScale: readonly [number, number];
  /** Strength of brightness, contrast and saturation jitter; the paper's is 0.4; 0 is none. */
  readonly colorJitter: number;
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
}

/** Aspect ratios of crops, width over height (Szegedy et al. 2014). */
const cropRatio = [3 / 4, 4 / 3] as const;

/** Evaluation resizes the shorter side to 256 for a crop of 224 (Krizhevsky et al. 2012); other sizes in proportion. */
const evaluationCrop = 224 / 256;

/**
 * A training view of an image: random resized crop, colour jitter, flip, in the order of the draws.
 *
 * @param image Not changed.
 * @param resolutionPx Side of the result.
 * @param random Opened for this image in this epoch.
 * @returns `[resolutionPx, resolutionPx, 3]`, a new image.
 */
export function augmentImage(
  image: RgbImage,
  resolutionPx: number,
  options: ClassificationAugmentation,
  random: RandomStream,
): RgbImage {
  const window = randomCrop(image.width, image.height, options.cropScale, random);
  const jitter = options.colorJitter > 0 ? drawJitter(options.colorJitter, random) : [];
  const isMirrored = options.flip && random.uniform() < 0.5;
  const view = resample(image, resolutionPx, resolutionPx, window, { isMirrored, isUpsideDown: false });
  const own = view === image ? { ...image, data: image.data.slice() } : view;
  for (const { blend, factor } of jitter) blend(own.data, factor);
  return own;
}

/**
 * The view of an image in evaluation: its shorter side resized to 256/224 of the resolution and the centre cropped,
 * done as one resampling.
 */
export function evaluationView(image: RgbImage, resolutionPx: number): RgbImage {
  const side = Math.min(image.width, image.height) * evaluationCrop;
  const window = { x: (image.width - side) / 2, y: (image.height - side) / 2, width: side, height: side };
  return resample(image, resolutionPx, resolutionPx, window);
}

/**
 * Draws the window of a random resized crop (Szegedy et al. 2014): an area and an aspect ratio, up to ten times
 * until they fit, else the largest central window of an allowed aspect ratio, as torchvision does.
 *
 * @param scale Share of the area, [min, max].
 * @returns Whole pixels.
 */
export function randomCrop(
  widthPx: number,
  heightPx: number,
  scale: readonly [number, number],
  random: RandomStream,
): PixelWindow {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = widthPx * heightPx * between(scale, random);
    const ratio = Math.exp(between([Math.log(cropRatio[0]), Math.log(cropRatio[1])], random));
    const width = Math.round(Math.sqrt(area * ratio));
    const height = Math.round(Math.sqrt(area / ratio));
    if (width < 1 || height < 1 || width > widthPx || height > heightPx) continue;
    const [y, x] = [random.integer(heightPx - height + 1), random.integer(widthPx - width + 1)];
    return { x, y, width, height };
  }
  const ratio = Math.min(Math.max(widthPx / heightPx, cropRatio[0]), cropRatio[1]);
  const width = Math.min(widthPx, Math.max(1, Math.round(heightPx * ratio)));
  const height = Math.min(heightPx, Math.max(1, Math.round(widthPx / ratio)));
  return { x: (widthPx - width) >> 1, y: (heightPx - height) >> 1, width, height };
}

/** One step of colour jitter. */
interface JitterStep {
  readonly blend: (data: Uint8Array, factor: number) => void;
  readonly factor: number;
}

/**
 * Jitters brightness, contrast and saturation, each by a factor in [1 - strength, 1 + strength], in random order, in
 * place. Follows torchvision on uint8: every step blends with black, the mean grey, or the pixel's grey, clips,
 * and truncates.
 */
export function jitterColor(image: RgbImage, strength: number, random: RandomStream): void {
  for (const { blend, factor } of drawJitter(strength, random)) blend(image.data, factor);
}

function drawJitter(strength: number, random: RandomStream): readonly JitterStep[] {
  const factor = (): number => between([Math.max(0, 1 - strength), 1 + strength], random);
  const steps = [
    { blend: blendBrightness, factor: factor() },
    { blend: blendContrast, factor: factor() },
    { blend: blendSaturation, factor: factor() },
  ];
  for (let i = steps.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [steps[i], steps[j]] = [steps[j], steps[i]];
  }
  return steps;
}

/** Blends with black: 0 is black, 1 the image. */
export function blendBrightness(data: Uint8Array, factor: number): void {
  blendWithLevel(data, factor, 0);
}

/** Blends with the image's mean grey: 0 is grey, 1 the image. */
export function blendContrast(data: Uint8Array, factor: number): void {
  blendWithLevel(data, factor, meanGrey(data));
}

/** Blends each pixel with its own grey: 0 is greyscale, 1 the image. */
export function blendSaturation(data: Uint8Array, factor: number): void {
  blendWithGrey(data, factor);
}

function between([low, high]: readonly [number, number], random: RandomStream): number {
  return low + (high - low) * random.uniform();
}
