/**
 * Candidates judged by score and cost at once: who dominates whom, the front of those that nobody does, and what a
 * front is worth.
 *
 * @module
 */

/** A point of two objectives. */
export interface Objectives {
  /** The higher the better. */
  readonly score: number;
  /** The lower the better. */
  readonly cost: number;
}

/** Whether a is nowhere worse than b and somewhere better. */
export function dominates(a: Objectives, b: Objectives): boolean {
  return a.score >= b.score && a.cost <= b.cost && (a.score > b.score || a.cost < b.cost);
}

/**
 * The candidates that no other dominates, from cheap to costly; of those with equal score and cost, the first.
 *
 * @param candidates In any order; their scores are finite.
 * @param cost What a candidate costs, e.g. its multiply-adds.
 */
export function paretoFront<Candidate extends { readonly score: number }>(
  candidates: readonly Candidate[],
  cost: (candidate: Candidate) => number,
): Candidate[] {
  const ordered = candidates.toSorted((a, b) => cost(a) - cost(b) || b.score - a.score);
  let best = -Infinity;
  return ordered.filter(({ score }) => {
    const isBetter = score > best;
    best = Math.max(best, score);
    return isBetter;
  });
}

/**
 * The area that points dominate, up to a reference: exact, in units of score times cost (Zitzler and Thiele 1999).
 *
 * @param points A front, or any points: what is dominated adds nothing, nor what is beyond the reference.
 * @param reference The worst score and the worst cost that count.
 */
export function hypervolume(points: readonly Objectives[], reference: Objectives): number {
  const front = paretoFront(points, ({ cost }) => cost).filter((it) => dominates(it, reference));
  return front.reduce((area, { score, cost }, i) => {
    const scoreBefore = i === 0 ? reference.score : front[i - 1].score;
    return area + (score - scoreBefore) * (reference.cost - cost);
  }, 0);
}

/**
 * Sorts points into fronts: the first is dominated by none, each further one only by those before it (the fast
 * non-dominated sort of Deb, Pratap, Agarwal and Meyarivan 2002, section III-A).
 *
 * @returns Indices of the points, by front, ascending within each.
 */
export function sortIntoFronts(points: readonly Objectives[]): number[][] {
  const indices = points.map((_, index) => index);
  const dominated = points.map((a) => indices.filter((it) => dominates(a, points[it])));
  const dominators = points.map((b) => points.filter((a) => dominates(a, b)).length);
  const fronts: number[][] = [];
  let front = indices.filter((it) => dominators[it] === 0);
  while (front.length > 0) {
    fronts.push(front);
    for (const it of front.flatMap((better) => dominated[better])) dominators[it]--;
    const placed = new Set(fronts.flat());
    front = indices.filter((it) => dominators[it] === 0 && !placed.has(it));
  }
  return fronts;
}

/**
 * How lonely each point of a front is: over both objectives, the sum of the distance between its neighbours, as a
 * share of the front's extent; infinite at the ends (Deb et al. 2002, section III-B).
 *
 * @returns One distance a point, in the points' order.
 */
export function crowdingDistances(front: readonly Objectives[]): number[] {
  const distances = front.map(() => 0);
  for (const objective of ["score", "cost"] as const) {
    const value = (index: number): number => front[index][objective];
    const order = front.map((_, index) => index).sort((a, b) => value(a) - value(b));
    const extent = value(order[order.length - 1]) - value(order[0]);
    order.forEach((index, i) => {
      const isEnd = i === 0 || i === order.length - 1;
      if (isEnd) distances[index] = Infinity;
      else if (extent > 0) distances[index] += (value(order[i + 1]) - value(order[i - 1])) / extent;
    });
  }
  return distances;
}
