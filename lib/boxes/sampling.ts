/**
 * Which of an image's many anchors or proposals its loss is taken over (Ren et al. 2015, section 3.1.3; Girshick
 * 2015, section 2.3): so many, of which at most a share positive.
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";
import { background, foreground } from "./matcher.ts";

/** How many are drawn. */
export interface SampleSize {
  /** At most so many in all. */
  readonly count: number;
  /** At most this share of them positive. */
  readonly positiveShare: number;
}

/** What was drawn; each list ascends. */
export interface Sample {
  /** Rows labelled foreground. */
  readonly positives: Uint32Array;
  /** Rows labelled background. */
  readonly negatives: Uint32Array;
}

/**
 * Draws positives up to their share, then negatives up to the count; every set of rows is as likely as any other.
 *
 * @param labels `[R]`: foreground, background or ignored.
 * @param size How many.
 * @param random Where the draws come from.
 */
export function drawSample(labels: Int8Array, size: SampleSize, random: RandomStream): Sample {
  const positives = someOf(
    rowsLabelled(labels, foreground),
    Math.floor(size.count * size.positiveShare),
    random,
  );
  const negatives = someOf(rowsLabelled(labels, background), size.count - positives.length, random);
  return { positives, negatives };
}

function rowsLabelled(labels: Int8Array, label: number): Uint32Array {
  const rows = new Uint32Array(labels.length);
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === label) rows[count++] = i;
  }
  return rows.subarray(0, count);
}

/** The first steps of Fisher and Yates's shuffle, in place; all rows, without a draw, if they are no more. */
function someOf(rows: Uint32Array, count: number, random: RandomStream): Uint32Array {
  if (rows.length <= count) return rows;
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(rows.length - i);
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return rows.subarray(0, count).sort();
}
