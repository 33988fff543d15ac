/**
 * What a comparison of runs is drawn from: plain records, a run each.
 *
 * @module
 */
import type { ApSummary } from "./evaluation_input.ts";
import type { ReportCandidate, ReportSpace } from "./report_input.ts";

/** One run; a part that it does not have yet is `null` or empty. */
export interface ComparedRun {
  /** Its folder. */
  readonly folder: string;
  /** Its config's name. */
  readonly name: string;
  /** Whether it went on although something that its result depends on had changed. */
  readonly isApproximate: boolean;
  /** The detector around the backbone, as published results name it. */
  readonly detector: DetectorName;
  /** How the backbone came about, e.g. `DetNAS, small` or `ShuffleNetV2-20`. */
  readonly backbone: string;
  /** What published results call this backbone, e.g. `DetNAS 300M`; `null` where they can't know it. */
  readonly publishedAs: string | null;
  /** The images with boxes, e.g. `COCO`, `VOC` or a folder's name. */
  readonly data: string;
  /** The space that the choices refer to. */
  readonly space: ReportSpace;
  /** What a candidate's score is, e.g. `AP`. */
  readonly scoreName: string;
  /** The architecture that was trained alone. */
  readonly architecture: ComparedArchitecture | null;
  /** Its evaluation on the reported split. */
  readonly evaluation: { readonly images: number; readonly summary: ApSummary } | null;
  /** Every candidate of its search. */
  readonly candidates: readonly ReportCandidate[];
}

/** A detector's name in tables. */
export type DetectorName = "Faster R-CNN, FPN" | "RetinaNet";

/** An architecture with its backbone's costs. */
export interface ComparedArchitecture {
  /** One choice a block. */
  readonly choices: readonly number[];
  /** Multiply-adds of the backbone. */
  readonly macs: number;
  /** Parameters of the backbone. */
  readonly parameters: number;
  /** Score in the search; `null` where no search scored it. */
  readonly score: number | null;
}
