/**
 * The one order in which scored things are visited: best first, ties in their given order.
 *
 * @module
 */

/** From so many rows on, sorting plain numbers pays for making them. */
const manyRows = 64;

/** A double holds a score's 32 bits and a place below this as one whole number. */
const mostPlaces = 2 ** 21;

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
  if (scores instanceof Float32Array && rows.length >= manyRows && rows.length <= mostPlaces) {
    return sortAsNumbers(rows, scores);
  }
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

/**
 * The same with one number for each row, which orders as its score and then its place, since engines sort numbers
 * several times as fast as they call a comparison.
 */
function sortAsNumbers<Rows extends Int32Array | Uint32Array>(rows: Rows, scores: Float32Array): Rows {
  const sorted = rows.slice().sort();
  const taken = new Float32Array(sorted.length);
  for (let place = 0; place < taken.length; place++) taken[place] = scores[sorted[place]] + 0; // -0 becomes 0
  const bits = new Int32Array(taken.buffer);
  const keys = new Float64Array(bits.length);
  for (let place = 0; place < keys.length; place++) {
    const rank = bits[place] < 0 ? -(2 ** 31) - bits[place] : bits[place];
    keys[place] = place - mostPlaces * rank;
  }
  keys.sort();
  for (let i = 0; i < keys.length; i++) {
    rows[i] = sorted[keys[i] - mostPlaces * Math.floor(keys[i] / mostPlaces)];
  }
  return rows;
}

/**
 * The `count` largest scores above a threshold among some rows, best first. Whenever a buffer is full, its best stay
 * and the threshold rises to the least of them, so that a level of a million scores is sorted in a few thousands. What
 * only equals that threshold comes later than what set it, and rightly loses the tie.
 *
 * @param scores By row number.
 * @param begin First row.
 * @param end Past the last row.
 * @param threshold A score that isn't above it is left out; -Infinity leaves out none but itself.
 * @param count How many at most.
 * @throws {RangeError} If a score is NaN.
 */
export function bestRows(
  scores: Float32Array,
  begin: number,
  end: number,
  threshold: number,
  count: number,
): Uint32Array {
  const buffer = new Uint32Array(Math.min(4 * count, end - begin));
  let size = 0;
  for (let i = begin; i < end; i++) {
    if (scores[i] <= threshold) continue;
    if (Number.isNaN(scores[i])) {
      throw new RangeError(`Cannot decode detections as logits must be numbers: logits[${i}] is NaN`);
    }
    if (size === buffer.length) {
      sortByScore(buffer, scores);
      size = count;
      threshold = scores[buffer[count - 1]];
      if (scores[i] <= threshold) continue;
    }
    buffer[size++] = i;
  }
  return sortByScore(buffer.subarray(0, size), scores).subarray(0, count);
}
