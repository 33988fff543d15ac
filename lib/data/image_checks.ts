/**
 * Remembers which images were looked at, so that a start looks only at new and changed ones.
 *
 * The record is a file of 8-byte hashes, each of an image's path, size and time of change, and of what was asked of
 * it. It only grows; a torn entry fits no image.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { type ImageProblem, type ImageToCheck, imageToCheck } from "./image_to_check.ts";
import { statOrNull } from "./data_folder.ts";
import type { IndexStore } from "./data_index.ts";
import type { ClassificationSample, DetectionSample } from "./sample.ts";
import { joinSamples, type SampleList } from "./sample_list.ts";
import { sideBySide } from "./side_by_side.ts";

/** Images to check, as a data set has them. */
export interface ImagesOfData {
  readonly sets: readonly { readonly samples: SampleList<ClassificationSample | DetectionSample> }[];
  /** Names the content of the sets' indexes; null without. */
  readonly version: string | null;
}

/** How to check. */
export interface ImageCheckOptions {
  /** Where the record is kept; null checks all. */
  readonly store: IndexStore | null;
  /** An image of more pixels is a problem. */
  readonly maxPixels: number;
  /** Looks at some images: `checkImages`, in the process that can. */
  readonly check: (images: readonly ImageToCheck[], maxPixels: number) => Promise<ImageProblem[]>;
  /** Told after each few thousand images. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Names the draw of images that are looked at again; default the time. */
  readonly draw?: number;
}

/** Images a step, and the most that are asked for changes in data that was checked as a whole before. */
const chunkSize = 4096;
const spotChecks = 4 * chunkSize;
const concurrentStats = 16;
const recordName = "images.checked";

/**
 * Checks the images that were not checked before as they are now.
 *
 * Data of more than 16,384 images that was checked as a whole, and whose index is unchanged, is trusted but for
 * as many images, evenly spread: asking 1.28 million files for their times alone would take half a minute at each start.
 * A stopped check goes on where it was.
 *
 * @returns The problems in the images' order; empty if all is well.
 */
export async function checkChangedImages(
  { sets, version }: ImagesOfData,
  options: ImageCheckOptions,
): Promise<ImageProblem[]> {
  const record = await CheckRecord.open(options.store);
  const samples = joinSamples(sets.map((set) => set.samples));
  const whole = version === null
    ? null
    : hashOf("whole, ends too", version, samples.length, options.maxPixels);
  const isTrusted = whole !== null && record.has(whole) && samples.length > spotChecks;
  const count = isTrusted ? spotChecks : samples.length;
  const stride = samples.length / Math.max(1, count);
  const first = isTrusted ? ((options.draw ?? Date.now()) % 997) / 997 * stride : 0;
  const problems: ImageProblem[] = [];
  for (let done = 0; done < count; done += chunkSize) {
    const end = Math.min(count, done + chunkSize);
    const images = Array.from(
      { length: end - done },
      (_, i) => imageToCheck(samples.at(Math.floor(first + (done + i) * stride))),
    );
    problems.push(...await checkChunk(images.filter((image) => image !== null), record, options));
    options.onProgress?.(end, count);
  }
  if (whole !== null && !isTrusted && problems.length === 0) await record.add([whole]);
  return problems;
}

async function checkChunk(
  images: readonly ImageToCheck[],
  record: CheckRecord,
  { check, maxPixels }: ImageCheckOptions,
): Promise<ImageProblem[]> {
  const hashes = await sideBySide(images, concurrentStats, (image) => imageHash(image, maxPixels));
  const isOpen = hashes.map((hash) => hash === null || !record.has(hash));
  const open = images.filter((_, i) => isOpen[i]);
  if (open.length === 0) return [];
  const problems = await check(open, maxPixels);
  const bad = new Set(problems.map(({ file }) => file));
  const good = hashes.filter((hash, i): hash is number =>
    hash !== null && isOpen[i] && !bad.has(images[i].file)
  );
  await record.add(good);
  return problems;
}

/** Null if there is no such file: a problem to be told. */
async function imageHash({ file, sizePx }: ImageToCheck, maxPixels: number): Promise<number | null> {
  const info = await statOrNull(file);
  if (info === null) return null;
  return hashOf("image, end too", resolve(file), info.size, info.mtime?.getTime() ?? 0, sizePx, maxPixels);
}

/** 53 bits of a SHA-256, as a whole number. */
function hashOf(...parts: readonly unknown[]): number {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
  return digest.readUIntBE(0, 6) * 2 ** 5 + (digest[6] >> 3);
}

/** The hashes of what was checked and found good. */
class CheckRecord {
  readonly #file: string | null;
  readonly #canWrite: boolean;
  /** Ascending. */
  readonly #kept: Float64Array;
  readonly #added = new Set<number>();

  private constructor(store: IndexStore | null, kept: Float64Array) {
    this.#file = store && `${store.dir}/${recordName}`;
    this.#canWrite = store?.canWrite ?? false;
    this.#kept = kept.sort();
  }

  static async open(store: IndexStore | null): Promise<CheckRecord> {
    if (store === null) return new CheckRecord(store, new Float64Array());
    const file = `${store.dir}/${recordName}`;
    try {
      const { buffer, length } = await Deno.readFile(file);
      const count = Math.floor(length / 8);
      // What is added later has to begin at a multiple of 8.
      if (length % 8 !== 0 && store.canWrite) await Deno.truncate(file, 8 * count);
      return new CheckRecord(store, new Float64Array(buffer, 0, count));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new CheckRecord(store, new Float64Array());
      throw error;
    }
  }

  has(hash: number): boolean {
    if (this.#added.has(hash)) return true;
    let [low, high] = [0, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#kept[middle] < hash) low = middle + 1;
      else high = middle;
    }
    return this.#kept[low] === hash;
  }

  async add(hashes: readonly number[]): Promise<void> {
    for (const hash of hashes) this.#added.add(hash);
    if (this.#file === null || !this.#canWrite || hashes.length === 0) return;
    try {
      await Deno.mkdir(this.#file.slice(0, -recordName.length), { recursive: true });
      await Deno.writeFile(this.#file, new Uint8Array(Float64Array.from(hashes).buffer), { append: true });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot write ${this.#file}: ${reason}`, { cause });
    }
  }
}
