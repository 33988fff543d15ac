import { assert, assertEquals } from "@std/assert";
import * as Plot from "@observablehq/plot";
import { chart, rangeOf, thinned, wholeTicks } from "../../lib/report/plot.ts";

const axes = { widthPx: 300, heightPx: 200, x: { label: "Step" }, y: { label: "Loss" } };

Deno.test("ticks are whole and no more than asked for", () => {
  assertEquals(wholeTicks(0, 19, 10), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  assertEquals(wholeTicks(0, 2, 10), [0, 1, 2]);
  assertEquals(wholeTicks(3, 3, 10), [3]);
  assertEquals(wholeTicks(0, 300_000, 4), [0, 100_000, 200_000, 300_000]);
  assertEquals(wholeTicks(1, 45, 10), [5, 10, 15, 20, 25, 30, 35, 40, 45]);
});

Deno.test("a range of one value has room around it, but none below zero", () => {
  assertEquals(rangeOf([1, 3, 2]), [1, 3]);
  assertEquals(rangeOf([0, 0]), [0, 0.1]);
  assertEquals(rangeOf([-2]), [-2.2, -1.8]);
});

Deno.test("a description cannot leave its attribute, nor a text its element", () => {
  const marks = [Plot.text([{ x: 1, y: 1 }], { x: "x", y: "y", text: () => "<script>" })];
  const { source } = chart({ ...axes, description: `"><script>`, marks });
  assert(!source.includes("<script"), source);
});

Deno.test("coordinates have at most two decimals, ticks keep theirs", () => {
  const points = [{ x: 0, y: 0.0001 }, { x: 1 / 3, y: 0.0004 }, { x: 1, y: 0.0005 }];
  const { source } = chart({ ...axes, description: "d", marks: [Plot.dot(points, { x: "x", y: "y" })] });
  assert(!/ c[xy]="[^"]*\.\d{3}/.test(source), "a coordinate has three decimals");
  assert(/>0\.000\d+</.test(source), "no tick has four decimals");
});

Deno.test("a long list is thinned evenly and keeps its ends, a short one is whole", () => {
  assertEquals(thinned([0, 1, 2, 3, 4, 5, 6], 3), [0, 3, 6]);
  assertEquals(thinned([0, 1, 2, 3, 4, 5, 6, 7], 3), [0, 3, 6, 7]);
  assertEquals(thinned([1, 2], 2), [1, 2]);
  assertEquals(thinned([], 2), []);
});
