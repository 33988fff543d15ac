/**
 * What of a config to change for a data set: image size, anchors, schedule.
 *
 * @module
 */
import type { Duration } from "../config/duration.ts";
import type { Config } from "../config/schema.ts";
import { canvasesOf, extentsOnCanvas, type SurveyedData } from "./data_survey.ts";
import { type AnchorFit, anchorFit } from "./anchor_recall.ts";
import { matcherThresholds, proposeAnchors } from "./propose_anchors.ts";
import { proposeCanvases } from "./propose_canvases.ts";
import { proposeSchedule } from "./propose_schedule.ts";

/** One field to change. */
export interface ProposedField {
  /** Dotted path, as `--set` takes it. */
  readonly path: string;
  /** Plain data. */
  readonly value: unknown;
}

/** Which fields, and what it would bring. */
export interface Proposals {
  /** Only those whose value is another one. */
  readonly fields: readonly ProposedField[];
  /** The config's own anchors on its own canvases. */
  readonly currentFit: AnchorFit;
  /** The proposed anchors on the proposed canvases. */
  readonly proposedFit: AnchorFit;
  /** Pixels of the largest proposed canvas over those of the config's: about what a step costs more. */
  readonly pixelsFactor: number;
}

/**
 * Looks at the training images, and of the others at their number only.
 *
 * @param data The splits; training has at least one image.
 * @param config What is changed.
 */
export function propose(data: SurveyedData, config: Config): Proposals {
  const { detector } = config;
  const samples = [...data.train.samples];
  const canvases = proposeCanvases(samples, detector.canvases);
  const extentsOn = (sizes: typeof detector.canvases): ReturnType<typeof extentsOnCanvas> =>
    samples.flatMap((sample) => extentsOnCanvas(sample, canvasesOf({ canvases: sizes })));
  const { proposed, proposedFit } = proposeAnchors(extentsOn(canvases), detector);
  const schedule = proposeSchedule(data.train.samples.length, data.val.samples.length, config);
  const fields: [string, unknown, unknown][] = [
    ["detector.canvases", canvases, detector.canvases],
    ["detector.levels", proposed.levels, detector.levels],
    ["detector.anchorScale", proposed.anchorScale, detector.anchorScale],
    ["detector.aspectRatios", proposed.aspectRatios, detector.aspectRatios],
    ["finetune.duration", durationFor(schedule.finetuneSteps, config.finetune), config.finetune.duration],
    ["retrain.duration", durationFor(schedule.retrainSteps, config.retrain), config.retrain.duration],
  ];
  return {
    fields: fields.filter(([, value, now]) => JSON.stringify(value) !== JSON.stringify(now))
      .map(([path, value]) => ({ path, value })),
    currentFit: anchorFit(extentsOn(detector.canvases), detector, matcherThresholds(detector)),
    proposedFit,
    pixelsFactor: largestArea(canvases) / largestArea(detector.canvases),
  };
}

/** A rule of thumb has no opinion on a third more or less. */
function durationFor(steps: number, { duration }: { readonly duration: Duration }): Duration {
  if (!("steps" in duration)) return duration;
  const factor = steps / duration.steps;
  return factor < 0.7 || factor > 1.4 ? { steps } : duration;
}

function largestArea(canvases: readonly (readonly [number, number])[]): number {
  return Math.max(...canvases.map(([height, width]) => height * width));
}
