/**
 * Rows grouped by class and image, the unit in which detections meet ground truth.
 *
 * @module
 */

/** Rows by group; the group of class k and image i is number `k * imageCount + i`. */
export interface Groups {
  /** `[classCount * imageCount + 1]`: where each group begins in `rows`; the last entry is the end. */
  readonly starts: Int32Array;
  /** Row numbers, group by group, ascending within a group. */
  readonly rows: Int32Array;
}

/**
 * Groups rows by a counting sort: two passes, stable, no comparison.
 *
 * @param columns Class and image of each row.
 * @param classCount The number of classes.
 * @param imageCount The number of images.
 */
export function groupByClassAndImage(
  columns: { readonly classIndices: Int32Array; readonly imageIndices: Int32Array },
  classCount: number,
  imageCount: number,
): Groups {
  const { classIndices, imageIndices } = columns;
  const starts = new Int32Array(classCount * imageCount + 1);
  for (let row = 0; row < classIndices.length; row++) {
    starts[classIndices[row] * imageCount + imageIndices[row] + 1]++;
  }
  for (let group = 1; group < starts.length; group++) starts[group] += starts[group - 1];
  const next = starts.slice();
  const rows = new Int32Array(classIndices.length);
  for (let row = 0; row < classIndices.length; row++) {
    rows[next[classIndices[row] * imageCount + imageIndices[row]]++] = row;
  }
  return { starts, rows };
}
