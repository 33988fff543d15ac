/**
 * Which batch size fits: from a few measured ones.
 *
 * @module
 */

/** Real steps of one batch size. */
export interface BatchMeasurement {
  readonly batchSize: number;
  /** Largest memory of the worker process so far, resident. */
  readonly peakBytes: number;
  /** By the median of its steps. */
  readonly imagesPerSecond: number;
}

/** What may be used. */
export interface BatchLimits {
  /** Memory of one worker. */
  readonly bytes: number;
  /** Images that there are to train on: a larger batch would hold some of them twice. */
  readonly images: number;
}

/** A doubled batch has to bring this many times the images a second, or it is not worth its memory. */
const leastGain = 1.05;
/** Larger sizes in a row that brought too little: one may have met a busy moment. */
const patience = 2;
/** Share of the memory that is planned with: paths and images differ. */
const usableShare = 0.85;

/** A line through measurements of memory: what every batch takes, and each image besides. */
export interface MemoryFit {
  readonly fixedBytes: number;
  readonly bytesPerImage: number;
}

/**
 * Least squares of memory over batch size.
 *
 * @param measured Of at least two sizes.
 * @throws {RangeError} If there are fewer.
 */
export function fitMemory(measured: readonly BatchMeasurement[]): MemoryFit {
  const meanOf = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const sizes = measured.map(({ batchSize }) => batchSize);
  const [size, bytes] = [meanOf(sizes), meanOf(measured.map(({ peakBytes }) => peakBytes))];
  const spread = sizes.reduce((sum, n) => sum + (n - size) ** 2, 0);
  if (!(spread > 0)) {
    throw new RangeError(`Cannot fit memory to batch sizes ${sizes.join(", ")}: wanted at least two`);
  }
  const together = measured.reduce((sum, m) => sum + (m.batchSize - size) * (m.peakBytes - bytes), 0);
  const bytesPerImage = Math.max(0, together / spread);
  return { fixedBytes: bytes - bytesPerImage * size, bytesPerImage };
}

/** The largest batch that a line says fits into the usable part of a memory; infinite where images take none. */
export function largestFitting({ fixedBytes, bytesPerImage }: MemoryFit, bytes: number): number {
  const room = usableShare * bytes - fixedBytes;
  if (room <= 0) return 0;
  return bytesPerImage === 0 ? Infinity : Math.floor(room / bytesPerImage);
}

/** What to measure next, or why it is over. */
export type BatchDecision = { readonly next: number } | { readonly chosen: number; readonly reason: string };

/**
 * The size to try after those that were measured: twice as many images, or as many as fit, as long as there are more
 * images a second to be had. Where the first sizes don't run, half as many.
 *
 * @param measured In order of size.
 * @param failed The smallest size that did not run; null if all did.
 * @param first What to begin with.
 * @throws {RangeError} If not even one image fits.
 */
export function decideBatch(
  measured: readonly BatchMeasurement[],
  failed: number | null,
  { bytes, images }: BatchLimits,
  first: number,
): BatchDecision {
  const last = measured.at(-1);
  if (last === undefined) return { next: failed === null ? Math.min(first, images) : halved(failed) };
  const { batchSize } = last;
  if (failed !== null) return { chosen: batchSize, reason: `largest that ran; ${failed} did not` };
  const best = fastest(measured);
  if (measured.length - measured.indexOf(best) > patience) {
    return { chosen: best.batchSize, reason: "more images a step are not more images a second" };
  }
  const fitting = measured.length < 2 ? 2 * batchSize : largestFitting(fitMemory(measured), bytes);
  const next = Math.min(2 * batchSize, fitting, images);
  if (next > batchSize && last.peakBytes <= usableShare * bytes) return { next };
  const limit = batchSize >= images ? "all images there are" : `largest that fits in ${gibibytes(bytes)}`;
  return { chosen: best.batchSize, reason: best === last ? limit : "more images a step are slower" };
}

function halved(failed: number): number {
  if (failed > 1) return Math.floor(failed / 2);
  throw new RangeError(
    "Cannot find a batch that fits, as not even one image does: free memory, use fewer workers or smaller images",
  );
}

/** The one that those after it don't outdo by enough. */
function fastest(measured: readonly BatchMeasurement[]): BatchMeasurement {
  return measured.reduce((best, one) => one.imagesPerSecond >= leastGain * best.imagesPerSecond ? one : best);
}

/** A size of memory in words, e.g. `20.1 GiB`. */
export function gibibytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : "the device's memory";
}
