import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { hypervolumeRows, paretoBody } from "../../lib/report/pareto_section.ts";
import type { ReportFronts } from "../../lib/report/report_input.ts";
import { candidate, count, marks, searchOf } from "./records.ts";

const fronts: ReportFronts = {
  cost: "macs",
  referenceCost: 300e6,
  strategies: [
    {
      strategy: "nsga2",
      points: [{ cost: 250e6, score: 0.2 }, { cost: 280e6, score: 0.3 }],
      hypervolumes: [12e6, 18e6],
    },
    { strategy: "random", points: [{ cost: 260e6, score: 0.1 }], hypervolumes: [4e6] },
    { strategy: "gradient", points: [], hypervolumes: [] },
  ],
};

Deno.test("hypervolumes are shares of the best there could be, over trials", () => {
  const [random, gradient, nsga2] = hypervolumeRows(fronts); // in the order of every other table
  assertEquals([nsga2.name, nsga2.points, nsga2.share?.count], ["NSGA-II", 2, 2]);
  assertAlmostEquals(nsga2.share?.mean ?? NaN, 0.05, 1e-12);
  assertEquals(random.share?.sd, null);
  assertEquals(gradient.share, null);
});

Deno.test("a mark a point, a line a front; a strategy without points is in the table alone", () => {
  const { source } = paretoBody(searchOf([candidate({})], { fronts: [fronts] }));
  assertEquals([marks(source, "mark"), count(source, `class="front"`)], [3, 2]);
  assertStringIncludes(source, ">0.0500 ± 0.0141</td>");
  assertStringIncludes(source, ">gradient</td>");
  assert(!source.includes("</svg>gradient<"));
  assertStringIncludes(source, "up to 300.0 M multiply-adds");
});

Deno.test("latency has a picture of its own, in milliseconds", () => {
  const timed: ReportFronts = {
    cost: "latencyMs",
    referenceCost: 12.3456,
    strategies: [{ strategy: "evolution", points: [{ cost: 11, score: 0.2 }], hypervolumes: [0.2] }],
  };
  const { source } = paretoBody(searchOf([candidate({})], { fronts: [fronts, timed] }));
  assertEquals(count(source, "<figure>"), 2);
  assertStringIncludes(source, "Latency (ms)");
  assertStringIncludes(source, "up to 12.35 ms");
});

Deno.test("no front, nothing drawn", () => {
  assertEquals(paretoBody(searchOf([candidate({})])).source, "");
  const empty = { ...fronts, strategies: fronts.strategies.slice(2) };
  assertEquals(paretoBody(searchOf([candidate({})], { fronts: [empty] })).source, "");
});
