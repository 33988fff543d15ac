/**
 * What a network finds in a few images of the search's split while it trains or is searched: chosen once for all, so that
 * one looks at the same images over and over. The reported split stays unseen until the evaluation.
 *
 * @module
 */
import { encodeDrawing } from "../data/preview.ts";
import type { DetectionSet } from "../data/sample.ts";
import { selectSamples } from "../data/sample_list.ts";
import type { Config } from "../config/schema.ts";
import type { Detection } from "../eval/detection.ts";
import { drawDetections } from "../report/detection_picture.ts";
import { someIndices } from "../train/candidate_scorer.ts";
import type { DetectionData } from "../train/datasets.ts";
import { detectionPictures } from "./detection_pictures.ts";
import type { LivePictures } from "./worker_api.ts";

/** How many images are shown. */
const shownImages = 4;
/** Longer side of a picture: four of them side by side. */
const pictureSidePx = 480;
/** Detections under this score are not shown. A training under way is less sure than one that has ended. */
const minScore = 0.3;

/**
 * Detects on the images that are shown.
 *
 * @param detect Detects on samples of a set.
 * @param isTold Whether this worker is the one that tells; of others there are no pictures.
 */
export async function livePictures(
  config: Config,
  { val }: DetectionData,
  detect: (set: DetectionSet, indices: readonly number[]) => Promise<readonly Detection[]>,
  isTold: boolean,
): Promise<LivePictures> {
  const indices = shownIndices(config, val);
  const found = await detect(val, indices);
  const { classes } = val;
  if (!isTold) return { classNames: classes, minScore, pictures: [] };
  const shown = { ...val, samples: selectSamples(val.samples, indices) };
  const sure = found.filter(({ score }) => score >= minScore);
  const pictures = await detectionPictures(shown, sure, config.maxImagePixels, pictureSidePx);
  return {
    classNames: classes,
    minScore,
    pictures: await Promise.all(pictures.map(async (picture) => {
      const drawing = drawDetections({ ...picture, title: picture.id, outcome: null }, classes, minScore);
      const scale = pictureSidePx / Math.max(picture.widthPx, picture.heightPx); // labels must be legible
      return { ...picture, drawn: await encodeDrawing(drawing.source, scale) };
    })),
  };
}

/**
 * Which images of the split are shown: of those that candidates are scored on some that have objects, evenly spread.
 *
 * @param set The search's split.
 */
export function shownIndices(config: Pick<Config, "seed" | "search">, set: DetectionSet): number[] {
  const scored = someIndices(config.seed, "score", set, config.search.scoreImages);
  const told = scored.filter((index) => set.samples.at(index).annotations.length > 0);
  const count = Math.min(shownImages, told.length);
  return Array.from({ length: count }, (_, i) => told[Math.floor(i * told.length / count)]);
}
