import { assertAlmostEquals, assertEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import {
  crowdingDistances,
  dominates,
  hypervolume,
  type Objectives,
  paretoFront,
  sortIntoFronts,
} from "../../lib/search/pareto.ts";

const at = (score: number, cost: number): Objectives => ({ score, cost });

/** Points on a coarse grid, so that many are equal in one objective or both. */
function randomPoints(seed: number, count: number): Objectives[] {
  const random = stream(seed, "points");
  return Array.from({ length: count }, () => at(random.integer(12), random.integer(12)));
}

Deno.test("dominates() wants nowhere worse and somewhere better", () => {
  assertEquals(dominates(at(2, 1), at(1, 2)), true);
  assertEquals(dominates(at(2, 1), at(2, 2)), true);
  assertEquals(dominates(at(2, 1), at(1, 1)), true);
  assertEquals(dominates(at(2, 1), at(2, 1)), false);
  assertEquals(dominates(at(2, 2), at(1, 1)), false);
});

Deno.test("paretoFront() is those that nobody dominates, from cheap to costly, equal ones once", () => {
  for (let seed = 0; seed < 50; seed++) {
    const points = randomPoints(seed, 30);
    const front = paretoFront(points, ({ cost }) => cost);
    const wanted = points.filter((it, index) =>
      !points.some((other) => dominates(other, it)) &&
      !points.slice(0, index).some(({ score, cost }) => score === it.score && cost === it.cost)
    );
    assertEquals(front, wanted.toSorted((a, b) => a.cost - b.cost));
  }
  assertEquals(paretoFront([], () => 0), []);
});

Deno.test("paretoFront() gives the candidates themselves, by whatever cost is asked for", () => {
  const [a, b, c] = [{ score: 1, macs: 5, ms: 9 }, { score: 2, macs: 7, ms: 8 }, {
    score: 3,
    macs: 9,
    ms: 9,
  }];
  assertEquals(paretoFront([c, a, b], ({ macs }) => macs), [a, b, c]);
  assertEquals(paretoFront([c, a, b], ({ ms }) => ms), [b, c]);
});

Deno.test("hypervolume() of a staircase is the area under it", () => {
  // Steps down from the reference (score 0, cost 10): 1 x 8, 2 x 5 and 1 x 1.
  const front = [at(1, 2), at(3, 5), at(4, 9)];
  assertEquals(hypervolume(front, at(0, 10)), 8 + 10 + 1);
  assertEquals(hypervolume(front, at(1, 9)), 2 * 4, "what is not better than the reference adds nothing");
  assertEquals(hypervolume([at(2, 4)], at(-1, 6)), 6);
  assertEquals(hypervolume([], at(0, 1)), 0);
});

Deno.test("hypervolume() counts the cells of the grid that a point dominates", () => {
  for (let seed = 0; seed < 50; seed++) {
    const points = randomPoints(seed, 8);
    let cells = 0;
    for (let score = 2; score < 12; score++) {
      for (let cost = 0; cost < 9; cost++) {
        cells += Number(points.some((it) => it.score >= score + 1 && it.cost <= cost));
      }
    }
    assertAlmostEquals(hypervolume(points, at(2, 9)), cells);
  }
});

Deno.test("sortIntoFronts() peels off one front after the other", () => {
  const points = [at(1, 1), at(2, 2), at(2, 3), at(1, 2), at(0, 9), at(2, 2)];
  assertEquals(sortIntoFronts(points), [[0, 1, 5], [2, 3], [4]]);
  for (let seed = 0; seed < 20; seed++) {
    let left = randomPoints(seed, 40);
    for (
      const front of sortIntoFronts(left).map((indices, _, __, all = left) => indices.map((it) => all[it]))
    ) {
      assertEquals(front, left.filter((it) => !left.some((other) => dominates(other, it))));
      left = left.filter((it) => !front.includes(it));
    }
    assertEquals(left, []);
  }
});

Deno.test("crowdingDistances() are the neighbours' distances over the extent, infinite at the ends", () => {
  const front = [at(4, 10), at(0, 0), at(1, 2), at(3, 3)];
  assertEquals(crowdingDistances(front), [Infinity, Infinity, 3 / 4 + 3 / 10, 3 / 4 + 8 / 10]);
  assertEquals(crowdingDistances([at(1, 1)]), [Infinity]);
  assertEquals(crowdingDistances([at(1, 1), at(1, 1), at(1, 1)]), [Infinity, 0, Infinity]);
});
