/**
 * The one order in which scored things are visited: best first, ties in their given order.
 *
 * @module
 */

/**
 * Sorts row numbers in place by descending score; equal scores go by ascending row number, which is what a
 * stable sort of rows in their given order gives.
 *
 * @param rows Row numbers, sorted in place.
 * @param scores Scores by row number; none is NaN.
 * @returns `rows`.
 */
export function sortByScore<Rows extends Int32Array | Uint32Array>(
  rows: Rows,
  scores: Float32Array | Float64Array,
): Rows {
  if (rows.length > 16) {
    rows.sort((a, b) => scores[b] - scores[a] || a - b);
    return rows;
  }
  // Most groups in evaluation hold a few rows, where calling the sort costs more than sorting.
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i];
    let j = i - 1;
    while (j >= 0 && (scores[rows[j]] < scores[row] || (scores[rows[j]] === scores[row] && rows[j] > row))) {
      rows[j + 1] = rows[j--];
    }
    rows[j + 1] = row;
  }
  return rows;
}
