/**
 * What a report shows of the evaluation after retraining: its numbers, and photographs chosen by how they fared.
 *
 * @module
 */
import type {
  PictureGroup,
  ReportDetails,
  ReportEvaluation,
  ReportGallery,
  ReportImage,
} from "../report/evaluation_input.ts";
import type { RunFolder } from "../run/run_folder.ts";
import type { EvaluationReport } from "../workers/worker_api.ts";
import { shownThresholds } from "./evaluate.ts";
import { type StageContext, trainingTask } from "./stage_context.ts";

/** How many photographs are shown of each kind. */
const picturesOfAKind = 4;

/**
 * An evaluation for the report, with its details where the run has them.
 *
 * @throws {SyntaxError} If `evaluation.json` can't be parsed; names it.
 */
export async function reportEvaluation(
  run: RunFolder,
  { images, summary, perClass }: EvaluationReport,
): Promise<ReportEvaluation> {
  return { title: "Trained alone, test split", images, summary, perClass, details: await readDetails(run) };
}

/** Runs of earlier versions have no such file. */
async function readDetails({ paths: { evaluation: path } }: RunFolder): Promise<ReportDetails | null> {
  try {
    return (JSON.parse(await Deno.readTextFile(path)) as { details: ReportDetails }).details;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(
      `Cannot read ${path}: ${cause.message}; write it anew with deno task evaluate`,
      { cause },
    );
  }
}

/**
 * Photographs of the reported split with the architecture's detections.
 *
 * @param choices The retrained architecture's.
 * @param evaluation Says which are the worst and the best.
 */
export async function reportGallery(
  context: StageContext,
  choices: readonly number[],
  { details }: ReportEvaluation,
): Promise<ReportGallery> {
  const { test } = await context.data.detection(context.run.config);
  const images = details?.images ?? null;
  const groups = chosenImages(test.samples.length, images);
  const indices = groups.flatMap((group) => group.indices);
  const task = trainingTask(context);
  const pictures = await context.worker.call((api) => api.pictures(task, choices, indices));
  const shown = pictures.map(({ id, ...picture }, i) => ({
    title: id,
    ...picture,
    outcome: images?.[indices[i]] ?? null,
  }));
  return {
    classNames: test.classes,
    minScore: shownThresholds.score,
    groups: groups.map(({ title, indices }): PictureGroup => ({
      title,
      pictures: shown.splice(0, indices.length),
    })),
  };
}

/** Images that are shown for the same reason. */
export interface ImageGroup {
  /** Why, in words. */
  readonly title: string;
  /** Which of the split's images. */
  readonly indices: readonly number[];
}

/**
 * The worst images by their own AP, the best, and some of the others, evenly spread; no image twice. Of equal APs those
 * with more objects come first: they tell more.
 *
 * @param count Images of the split.
 * @param images How each fared; null where that is not known.
 */
export function chosenImages(count: number, images: readonly ReportImage[] | null): ImageGroup[] {
  if (images === null) {
    return [{ title: "Evenly spread", indices: spread(range(count), 2 * picturesOfAKind) }];
  }
  const rated = range(count).filter((i) => images[i].AP >= 0);
  const most = Math.min(picturesOfAKind, Math.floor(rated.length / 2));
  const byAp = (sign: 1 | -1) => (a: number, b: number): number =>
    sign * (images[a].AP - images[b].AP) || images[b].objects - images[a].objects || a - b;
  const worst = rated.toSorted(byAp(1)).slice(0, most);
  const best = rated.filter((i) => !worst.includes(i)).sort(byAp(-1)).slice(0, most);
  const others = range(count).filter((i) => !worst.includes(i) && !best.includes(i));
  return [
    { title: "Worst images", indices: worst },
    { title: "Best images", indices: best },
    { title: "Some of the others", indices: spread(others, picturesOfAKind) },
  ];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function spread(list: readonly number[], most: number): number[] {
  const stride = Math.max(1, Math.floor(list.length / most));
  return Array.from({ length: Math.min(most, list.length) }, (_, i) => list[i * stride]);
}
