/**
 * Looks at every image before anything is trained on it: a broken file must not end a training on its third day.
 *
 * @module
 */
import type { IndexStore } from "../data/data_index.ts";
import { checkChangedImages } from "../data/image_checks.ts";
import { usesClassLabels } from "../run/plan.ts";
import type { Config } from "../config/schema.ts";
import { type DataSets, imagesOf } from "../train/datasets.ts";
import type { CallableWorker } from "../workers/worker_process.ts";

/** Problems that are listed; a wrong folder can have a million. */
const listedProblems = 10;

/** What looks at images, and what is known of them from before. */
export interface ImageCheck {
  readonly worker: CallableWorker;
  readonly data: DataSets;
  readonly store: IndexStore | null;
  /** Told now and then where there are many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Has the worker read the headers of a config's images, but for those that were read before and are unchanged.
 *
 * @throws {RangeError} That lists the first problems, each with its file.
 */
export async function checkDataImages(
  config: Config,
  { worker, data, store, onProgress }: ImageCheck,
): Promise<void> {
  const labelled = usesClassLabels(config) ? await data.classification(config) : null;
  const problems = await checkChangedImages(imagesOf(labelled, await data.detection(config)), {
    store,
    maxPixels: config.maxImagePixels,
    check: (images, maxPixels) => worker.call((api) => api.checkImages(images, maxPixels)),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  if (problems.length === 0) return;
  const listed = problems.slice(0, listedProblems).map(({ reason }) => `\n  ${reason}`).join("");
  const more = problems.length - listedProblems;
  throw new RangeError(
    `Cannot use the data as ${problems.length === 1 ? "1 image is" : `${problems.length} images are`} ` +
      `unusable; replace what is listed, or take it out of the annotations:${listed}${
        more > 0 ? `\n  and ${more} more` : ""
      }`,
  );
}
