/**
 * The nearest valid name to a mistyped one, for error messages.
 *
 * @module
 */

/**
 * The candidate with the smallest edit distance; the first of several equals.
 *
 * @param word What was typed.
 * @param candidates What would have been valid.
 * @returns The nearest candidate, or null if there is none.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (best === null || distance < best.distance) best = { candidate, distance };
  }
  return best?.candidate ?? null;
}

/**
 * How many insertions, deletions and substitutions turn one text into the other (Levenshtein 1966), by Wagner
 * and Fischer's table, one row at a time.
 */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}
