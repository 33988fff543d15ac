import { assertEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { prefixGroups } from "../../lib/search/prefix_groups.ts";
import { architectureKey } from "../../lib/space/architecture.ts";

Deno.test("groups hold each candidate once, neighbours in the order of their keys, and are as equal as can be", () => {
  const random = stream(1, "groups");
  for (const [count, most] of [[1, 8], [8, 8], [9, 8], [50, 8], [7, 1]]) {
    const all = Array.from({ length: count }, () => Array.from({ length: 6 }, () => random.integer(4)));
    const groups = prefixGroups(all.map((choices) => ({ choices })), most);
    assertEquals(
      groups.flat().map(({ choices }) => architectureKey(choices)),
      all.map(architectureKey).toSorted(),
    );
    const sizes = groups.map(({ length }) => length);
    assertEquals(groups.length, Math.ceil(count / most));
    assertEquals(Math.max(...sizes) - Math.min(...sizes) <= 1 && Math.max(...sizes) <= most, true);
  }
  assertEquals(prefixGroups([], 8), []);
});

Deno.test("each scorer gets equally many groups, unless there are fewer candidates than scorers", () => {
  const all = Array.from({ length: 50 }, (_, i) => ({ choices: [i % 4, i % 3, i % 5] }));
  const sizes = (count: number, scorers: number): number[] =>
    prefixGroups(all.slice(0, count), 10, scorers).map(({ length }) => length);
  assertEquals(sizes(50, 2).length, 6);
  assertEquals(sizes(50, 4).length, 8);
  assertEquals(sizes(12, 2), [6, 6]);
  assertEquals(sizes(3, 4), [1, 1, 1]);
  assertEquals(sizes(0, 4), []);
});
