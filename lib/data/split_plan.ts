/**
 * Which of a data set's splits play which part: training, search, report.
 *
 * @module
 */
import type { DetectionSplit } from "./detection_split.ts";

/** Splits by their part, before a missing search split is cut off. */
export interface SplitParts {
  /** What may be trained on. */
  readonly train: DetectionSplit;
  /** What the search is scored on; null where it is to be cut from `train`. */
  readonly val: DetectionSplit | null;
  /** What the reported numbers come from. */
  readonly test: DetectionSplit;
  /** What the user should know, sentences. */
  readonly notes: readonly string[];
}

/** Which names play which part. */
export interface SplitPlan {
  readonly train: readonly string[];
  /** Empty where it is to be cut from training. */
  readonly val: readonly string[];
  readonly test: string;
}

/**
 * Assigns the splits train, val, trainval and test, where they are there.
 *
 * With test, the three play their parts; trainval stands in for a missing train, and for both where the search's
 * split is to be cut. Without test, val is the reported split. The search thus never sees the reported split.
 *
 * @param splits Names by their part.
 * @param isCut Whether the search's split is cut from training even where there is one.
 * @returns The plan; null if the splits do not suffice.
 */
export function planSplits(
  { train, val, trainval, test }: Readonly<Record<"train" | "val" | "trainval" | "test", string | null>>,
  isCut: boolean,
): SplitPlan | null {
  if (test === null) return train !== null && val !== null ? { train: [train], val: [], test: val } : null;
  if (train !== null && !isCut) return { train: [train], val: val === null ? [] : [val], test };
  if (trainval !== null) return { train: [trainval], val: [], test };
  return train === null ? null : { train: val === null ? [train] : [train, val], val: [], test };
}

/** The note on a reported split that is not a test split. */
export function noTestNote(name: string): string {
  return `There is no annotated test split: the reported numbers come from ${name}.`;
}
