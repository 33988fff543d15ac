/**
 * From samples to batches in plain memory: decode and augment (on threads, where there are some), assemble, a few
 * batches ahead.
 * A batch is a pure function of the set, the options and the step; cache and prefetch change only the time.
 *
 * @module
 */
import type { ClassificationAugmentation } from "./augment.ts";
import {
  type Canvas,
  chooseCanvas,
  type DetectionAugmentation,
  drawOnCanvas,
  type PlacedImage,
} from "./canvas.ts";
import {
  type ImageJob,
  ImageMaker,
  type ImageResult,
  type PlacementJob,
  type ViewJob,
} from "./image_maker.ts";
import type { ImageThreads } from "./image_threads.ts";
import { Prefetch } from "./prefetch.ts";
import type {
  ClassificationBatch,
  ClassificationSample,
  ClassificationSet,
  DetectionBatch,
  DetectionSample,
  DetectionSet,
  RgbImage,
} from "./sample.ts";
import type { SampleList } from "./sample_list.ts";
import { TrainingBatches } from "./sampler.ts";

/** What both loaders need to know. */
export interface LoaderOptions {
  /** Names the order of the data and every augmentation. */
  readonly seed: number;
  /** Images a batch, over all shares. */
  readonly batchSize: number;
  /** Width times height in a file; a larger image is refused before it is decoded. */
  readonly maxImagePixels: number;
  /**
   * Which part of each training batch is loaded: the rank-th of `size`, as equal as whole images allow. The parts of all
   * ranks, one after the other, are the whole batch, and none is empty. Default: all of it.
   */
  readonly share?: { readonly rank: number; readonly size: number };
  /** Batches started ahead; default 2. */
  readonly prefetchBatches?: number;
  /** Most memory for images decoded here, kept between epochs; default 512 MiB. */
  readonly cacheBytes?: number;
  /** Read files' images instead of the thread of the caller, who disposes them; they keep images of their own. */
  readonly threads?: ImageThreads;
}

/** A batch of fixed size in evaluation; the last one repeats its last image up to that size. */
export interface EvaluationBatch<Batch> {
  /** Of the full batch size. */
  readonly batch: Batch;
  /** How many of its images count; the rest are repeats. */
  readonly validCount: number;
}

const defaultPrefetchBatches = 2;
const defaultCacheBytes = 512 * 2 ** 20;

/** Loads a classification set. */
export class ClassificationLoader implements Disposable {
  readonly #set: ClassificationSet;
  readonly #options: LoaderOptions & ClassificationAugmentation & { readonly resolutionPx: number };
  readonly #batches: TrainingBatches;
  readonly #training: Prefetch<ClassificationBatch>;
  readonly #images: Images;

  /**
   * Opens nothing yet.
   *
   * @param set The samples.
   * @param options The images' side in pixels, the augmentation of training batches, and memory and order.
   * @throws {RangeError} If the set is empty, or the batch size is not a whole number above 0 or less than the shares.
   */
  constructor(
    set: ClassificationSet,
    options: LoaderOptions & ClassificationAugmentation & { readonly resolutionPx: number },
  ) {
    checkShare(options);
    this.#set = set;
    this.#options = options;
    this.#batches = new TrainingBatches(options.seed, [firstNumbers(set.samples.length)], options.batchSize);
    this.#training = new Prefetch((step) => this.#trainingBatch(step), prefetchOf(options));
    this.#images = new Images(options);
  }

  /** Steps in which every sample is used at least once. */
  get stepsPerEpoch(): number {
    return this.#batches.batchesPerRound;
  }

  /**
   * The training batch of a step, and the start of the next ones.
   *
   * @throws {Deno.errors.NotFound} If an image's file is missing; it is named, as by all of these.
   * @throws {RangeError} If an image is larger than `maxImagePixels`.
   * @throws {SyntaxError} If a file is empty, not an image, or does not decode to its end.
   */
  batch(step: number): Promise<ClassificationBatch> {
    return this.#training.get(step);
  }

  /**
   * Centre crops in fixed order.
   *
   * @param indices Which samples; by default all, in the set's order.
   */
  async *evaluationBatches(
    indices: ArrayLike<number> = firstNumbers(this.#set.samples.length),
  ): AsyncGenerator<EvaluationBatch<ClassificationBatch>, void, unknown> {
    const chunks = fixedSizeChunks(indices, this.#options.batchSize);
    const view = (index: number): Promise<RgbImage> => this.#view(index, null);
    const make = (i: number): Promise<ClassificationBatch> =>
      this.#assemble(chunks[i].indices, chunks[i].indices.map(view));
    const ahead = new Prefetch(make, prefetchOf(this.#options), chunks.length);
    for (const [i, { validCount }] of chunks.entries()) yield { batch: await ahead.get(i), validCount };
  }

  /** Lets go of cached images and of batches made ahead. */
  [Symbol.dispose](): void {
    this.#training.clear();
    this.#images.clear();
  }

  #trainingBatch(step: number): Promise<ClassificationBatch> {
    const draws = ownPart(this.#batches.batch(step).draws, this.#options);
    const views = draws.map(({ index, epoch }) => this.#view(index, { ...this.#augmentation, epoch }));
    return this.#assemble(draws.map(({ index }) => index), views);
  }

  get #augmentation(): Omit<NonNullable<ViewJob["training"]>, "epoch"> {
    const { seed, cropScale, colorJitter, flip } = this.#options;
    return { seed, cropScale, colorJitter, flip };
  }

  #view(index: number, training: ViewJob["training"]): Promise<RgbImage> {
    const { id, source } = this.#set.samples.at(index);
    const { maxImagePixels: maxPixels, resolutionPx } = this.#options;
    return this.#images.make(index, { kind: "view", id, source, maxPixels, resolutionPx, training });
  }

  async #assemble(
    indices: readonly number[],
    views: readonly Promise<RgbImage>[],
  ): Promise<ClassificationBatch> {
    const side = this.#options.resolutionPx;
    const samples = indices.map((index): ClassificationSample => this.#set.samples.at(index));
    const images = new Uint8Array(views.length * side * side * 3);
    (await allEnded(views)).forEach((view, i) => images.set(view.data, i * side * side * 3));
    return {
      images,
      shape: [views.length, side, side, 3],
      classIndices: Int32Array.from(samples, ({ classIndex }) => classIndex),
      ids: samples.map(({ id }) => id),
    };
  }
}

/** Loads a detection set; each image goes to the canvas on which it comes out largest. */
export class DetectionLoader implements Disposable {
  readonly #set: DetectionSet;
  readonly #options: LoaderOptions & DetectionAugmentation & { readonly canvases: readonly Canvas[] };
  /** Sample indices by canvas. */
  readonly #groups: readonly (readonly number[])[];
  readonly #batches: TrainingBatches;
  readonly #training: Prefetch<DetectionBatch>;
  readonly #images: Images;

  /**
   * Opens nothing yet.
   *
   * @param set The samples; images without objects are used like any other.
   * @param options The canvases, the augmentation of training batches, and memory and order.
   * @throws {RangeError} If the set or the list of canvases is empty, or the batch size is not a whole number above 0 or
   * less than the shares.
   */
  constructor(
    set: DetectionSet,
    options: LoaderOptions & DetectionAugmentation & { readonly canvases: readonly Canvas[] },
  ) {
    if (options.canvases.length === 0) {
      throw new RangeError("Cannot load images: canvases is empty, wanted at least one");
    }
    checkShare(options);
    this.#set = set;
    this.#options = options;
    this.#groups = byCanvas(set.samples, firstNumbers(set.samples.length), options.canvases);
    this.#batches = new TrainingBatches(options.seed, this.#groups, options.batchSize);
    this.#training = new Prefetch((step) => this.#trainingBatch(step), prefetchOf(options));
    this.#images = new Images(options);
  }

  /** Steps in which every sample is used at least once. */
  get stepsPerEpoch(): number {
    return this.#batches.batchesPerRound;
  }

  /**
   * The training batch of a step, and the start of the next ones. All its images share one canvas.
   *
   * @throws {Deno.errors.NotFound} If an image's file is missing; it is named, as by all of these.
   * @throws {RangeError} If an image is larger than `maxImagePixels`.
   * @throws {SyntaxError} If a file is empty, not an image, or does not decode to its end.
   */
  batch(step: number): Promise<DetectionBatch> {
    return this.#training.get(step);
  }

  /**
   * Unchanged images, canvas by canvas, each in fixed order.
   *
   * @param indices Which samples; by default all.
   */
  async *evaluationBatches(
    indices: ArrayLike<number> = firstNumbers(this.#set.samples.length),
  ): AsyncGenerator<EvaluationBatch<DetectionBatch>, void, unknown> {
    const { batchSize, canvases } = this.#options;
    const chunks = byCanvas(this.#set.samples, indices, canvases).flatMap((group, canvasIndex) =>
      fixedSizeChunks(group, batchSize).map((chunk) => ({ ...chunk, canvas: canvases[canvasIndex] }))
    );
    const make = ({ indices, canvas }: typeof chunks[number]): Promise<DetectionBatch> =>
      this.#assemble(indices, canvas, indices.map((index) => this.#place(index, canvas, null)));
    const ahead = new Prefetch((i) => make(chunks[i]), prefetchOf(this.#options), chunks.length);
    for (const [i, { validCount }] of chunks.entries()) yield { batch: await ahead.get(i), validCount };
  }

  /** Lets go of cached images and of batches made ahead. */
  [Symbol.dispose](): void {
    this.#training.clear();
    this.#images.clear();
  }

  #trainingBatch(step: number): Promise<DetectionBatch> {
    const { group, draws: all } = this.#batches.batch(step);
    const draws = ownPart(all, this.#options);
    const canvas = this.#options.canvases[group];
    const placed = draws.map(({ index, epoch }) =>
      this.#place(index, canvas, { ...this.#augmentation, epoch })
    );
    return this.#assemble(draws.map(({ index }) => index), canvas, placed);
  }

  get #augmentation(): Omit<NonNullable<PlacementJob["training"]>, "epoch"> {
    const { seed, flip, verticalFlip, scaleJitter, colorJitter = 0 } = this.#options;
    return { seed, flip, verticalFlip, scaleJitter, colorJitter };
  }

  #place(index: number, canvas: Canvas, training: PlacementJob["training"]): Promise<PlacedImage> {
    const { id, source, widthPx, heightPx, annotations } = this.#set.samples.at(index);
    const sample = { widthPx, heightPx, annotations };
    const maxPixels = this.#options.maxImagePixels;
    return this.#images.make(index, { kind: "placement", id, source, maxPixels, sample, canvas, training });
  }

  async #assemble(
    indices: readonly number[],
    canvas: Canvas,
    images: readonly Promise<PlacedImage>[],
  ): Promise<DetectionBatch> {
    const bytes = canvas.heightPx * canvas.widthPx * 3;
    const pixels = new Uint8Array(images.length * bytes);
    const placed = await allEnded(images);
    placed.forEach(({ image }, i) =>
      drawOnCanvas(image, canvas, pixels.subarray(i * bytes, (i + 1) * bytes))
    );
    return {
      images: pixels,
      shape: [images.length, canvas.heightPx, canvas.widthPx, 3],
      placements: placed.map(({ placement }) => placement),
      boxesXyxy: placed.map(({ boxesXyxy }) => boxesXyxy),
      classIndices: placed.map(({ classIndices }) => classIndices),
      ids: indices.map((index) => this.#set.samples.at(index).id),
    };
  }
}

/** Files' images come from the threads, where there are some; generated ones are made here. */
class Images {
  readonly #threads: ImageThreads | undefined;
  readonly #own: ImageMaker;

  constructor({ threads, cacheBytes = defaultCacheBytes }: LoaderOptions) {
    this.#threads = threads;
    this.#own = new ImageMaker(cacheBytes);
  }

  make<Job extends ImageJob>(index: number, job: Job): Promise<ImageResult<Job>> {
    if (this.#threads === undefined || "generate" in job.source) return this.#own.make(job);
    return this.#threads.make(index, job);
  }

  clear(): void {
    this.#own.clear();
  }
}

/** The results once all have ended; a failure waits for the others too, so that nothing goes on behind it. */
async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

function prefetchOf({ prefetchBatches }: LoaderOptions): number {
  return prefetchBatches ?? defaultPrefetchBatches;
}

/** An empty part would be trained on nothing: TensorFlow's convolutions don't take it. */
function checkShare({ batchSize, share }: LoaderOptions): void {
  if (share === undefined || batchSize >= share.size) return;
  throw new RangeError(
    `Cannot divide a batch among workers: batchSize is ${batchSize}, wanted at least one image for each of the ${share.size}`,
  );
}

function ownPart<T>(
  all: readonly T[],
  { share: { rank, size } = { rank: 0, size: 1 } }: LoaderOptions,
): readonly T[] {
  return all.slice(Math.floor(rank * all.length / size), Math.floor((rank + 1) * all.length / size));
}

/** 0..count-1. */
function firstNumbers(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

function byCanvas(
  samples: SampleList<DetectionSample>,
  indices: ArrayLike<number>,
  canvases: readonly Canvas[],
): number[][] {
  const groups: number[][] = canvases.map(() => []);
  for (let i = 0; i < indices.length; i++) {
    const { widthPx, heightPx } = samples.at(indices[i]);
    groups[chooseCanvas(canvases, widthPx, heightPx)].push(indices[i]);
  }
  return groups;
}

/** Cuts a list into chunks of one size; the last is filled up with its last element. */
function fixedSizeChunks(
  indices: ArrayLike<number>,
  size: number,
): { indices: number[]; validCount: number }[] {
  const chunks: { indices: number[]; validCount: number }[] = [];
  for (let start = 0; start < indices.length; start += size) {
    const part = Array.from({ length: Math.min(size, indices.length - start) }, (_, i) => indices[start + i]);
    const fill = Array.from({ length: size - part.length }, () => part[part.length - 1]);
    chunks.push({ indices: [...part, ...fill], validCount: part.length });
  }
  return chunks;
}
