/**
 * From one image's source to what a batch needs of it: read, kept, varied. A job is plain data and names its own
 * draws, so that any thread makes the same of it.
 *
 * @module
 */
import { type RandomStream, stream } from "../base/random.ts";
import { augmentImage, type ClassificationAugmentation, evaluationView } from "./augment.ts";
import {
  type Canvas,
  type DetectionAugmentation,
  fitOnCanvas,
  type PlacedImage,
  type PlacedSample,
  placeForEvaluation,
  placeForTraining,
} from "./canvas.ts";
import { type JpegDecoder, readImage } from "./decode.ts";
import { ImageCache } from "./image_cache.ts";
import type { ImageSource, RgbImage } from "./sample.ts";

/** What names an image's draws. */
export interface AugmentationDraws {
  /** The run's. */
  readonly seed: number;
  /** How often the sample was used before. */
  readonly epoch: number;
}

/** An image to be read: the same for every job on it. */
export interface ImageToRead {
  /** The sample's. */
  readonly id: string;
  /** Where its pixels come from. */
  readonly source: ImageSource;
  /** A larger image is refused. */
  readonly maxPixels: number;
}

/** A square view, for classification. */
export interface ViewJob extends ImageToRead {
  /** Tells the jobs apart. */
  readonly kind: "view";
  /** Side of the view. */
  readonly resolutionPx: number;
  /** How it is varied; null for evaluation. */
  readonly training: (AugmentationDraws & ClassificationAugmentation) | null;
}

/** A place on a canvas, for detection. */
export interface PlacementJob extends ImageToRead {
  /** Tells the jobs apart. */
  readonly kind: "placement";
  /** Its size and objects. */
  readonly sample: PlacedSample;
  /** Where it is placed. */
  readonly canvas: Canvas;
  /** How it is varied; null for evaluation. */
  readonly training: (AugmentationDraws & DetectionAugmentation) | null;
}

/** What becomes of an image. */
export type ImageJob = ViewJob | PlacementJob;

/** What a job makes. */
export type ImageResult<Job extends ImageJob> = Job extends ViewJob ? RgbImage : PlacedImage;

/** Does jobs on the thread that it is called on; keeps images that it has read. */
export class ImageMaker {
  readonly #cache: ImageCache;
  readonly #decodeJpeg: JpegDecoder | undefined;

  /**
   * Opens nothing.
   *
   * @param cacheBytes Most memory for images read.
   * @param decodeJpeg See `ReadOptions`.
   */
  constructor(cacheBytes: number, decodeJpeg?: JpegDecoder) {
    this.#cache = new ImageCache(cacheBytes);
    this.#decodeJpeg = decodeJpeg;
  }

  /**
   * Does a job.
   *
   * @returns What it makes, with pixels of its own: none that are kept.
   * @throws Whatever {@linkcode readImage} throws, naming the file.
   */
  async make<Job extends ImageJob>(job: Job): Promise<ImageResult<Job>> {
    const image = await this.#read(job);
    return (job.kind === "view" ? viewOf(image, job) : placed(image, job)) as ImageResult<Job>;
  }

  /** Lets go of the images. */
  clear(): void {
    this.#cache.clear();
  }

  /** One image may be asked for at several sizes, and a thread knows images of several sets. */
  #read(job: ImageJob): Promise<RgbImage> {
    const { id, source, maxPixels } = job;
    const shorterSidePx = job.kind === "view" ? viewSidePx(job) : placedSidePx(job);
    const options = { maxPixels, shorterSidePx, ...(this.#decodeJpeg && { decodeJpeg: this.#decodeJpeg }) };
    const key = `${shorterSidePx} ${"file" in source ? source.file : id}`;
    return this.#cache.get(key, () => readImage(source, options));
  }
}

/** Twice the resolution: what a crop of a quarter of the area still fills without enlarging. */
function viewSidePx({ resolutionPx }: ViewJob): number {
  return 2 * resolutionPx;
}

/** As the image comes out on the canvas, at its largest. */
function placedSidePx({ canvas, sample, training }: PlacementJob): number {
  const { widthPx, heightPx } = fitOnCanvas(canvas, sample.widthPx, sample.heightPx);
  return Math.ceil(Math.min(widthPx, heightPx) * Math.max(1, training?.scaleJitter[1] ?? 1));
}

function viewOf(image: RgbImage, { id, resolutionPx, training }: ViewJob): RgbImage {
  if (training === null) return evaluationView(image, resolutionPx); // always a part, never the image itself
  return augmentImage(image, resolutionPx, training, augmentationStream(training, id));
}

function placed(image: RgbImage, { id, sample, canvas, training }: PlacementJob): PlacedImage {
  const result = training === null
    ? placeForEvaluation(image, sample, canvas)
    : placeForTraining(image, sample, canvas, training, augmentationStream(training, id));
  return result.image === image ? { ...result, image: { ...image, data: image.data.slice() } } : result;
}

function augmentationStream({ seed, epoch }: AugmentationDraws, id: string): RandomStream {
  return stream(seed, "augment", epoch, id);
}
