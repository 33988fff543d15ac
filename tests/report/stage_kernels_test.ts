import { assertEquals, assertStringIncludes } from "@std/assert";
import { choicesOf, drawStageKernels, kernelTable, stageCounts } from "../../lib/report/stage_kernels.ts";
import type { ReportSpace } from "../../lib/report/report_input.ts";
import { csvTable, htmlTable } from "../../lib/report/table.ts";
import { count, space } from "./records.ts";

const winner = { label: "Winner", space, choices: [2, 2, 0, 3, 0, 1] };
const resnet: ReportSpace = { ...space, choices: [{ kind: "bottleneck" }], stem: "resnet" };

Deno.test("choices are counted by stage and in all", () => {
  const rows = stageCounts(winner).map(({ stage, blocks, counts }) => [stage, blocks, ...counts.values()]);
  assertEquals(rows, [[1, 2, 0, 0, 2, 0], [2, 4, 2, 1, 0, 1], ["all", 6, 2, 1, 2, 1]]);
});

Deno.test("spaces of other choices share a table, with nothing where a space lacks one", () => {
  const { columns, rows } = kernelTable([winner, { label: "R", space: resnet, choices: [0, 0, 0, 0, 0, 0] }]);
  const lines = csvTable(columns, rows).split("\r\n");
  assertEquals(
    lines[0],
    "Run,Stage,Blocks,ShuffleNet 3×3,ShuffleNet 5×5,ShuffleNet 7×7,Xception 3×3,ResNet bottleneck",
  );
  assertEquals(lines[1], "Winner,1,2,0,0,2,0,");
  assertEquals(lines[4], "R,1,2,,,,,2");
  assertStringIncludes(htmlTable(columns, rows).source, "–</td>");
});

Deno.test("each stage is a pile of its blocks, smallest kernels lowest", () => {
  const { source } = drawStageKernels(winner, 4);
  assertEquals(count(source, `aria-label="block"`), 6);
  const second = [...source.matchAll(/<rect x="64" y="([\d.]+)".*?>([\dX])<\/text>/g)].map(([, y, label]) =>
    [+y, label] as const
  );
  assertEquals(second.toSorted((a, b) => b[0] - a[0]).map(([, label]) => label), ["3", "3", "5", "X"]);
});

Deno.test("piles beside each other have blocks of one size", () => {
  const heightOf = (tallest: number): string | undefined =>
    drawStageKernels(winner, tallest).source.match(/width="40" height="([\d.]+)"/)?.[1];
  assertEquals(heightOf(4), "17");
  assertEquals(heightOf(23), "11");
});

Deno.test("a choice of two spaces stands once, ShuffleNet's by kernel first", () => {
  const turned = { ...space, choices: [...space.choices].reverse() };
  const names = choicesOf([{ ...winner, space: resnet, choices: [] }, { ...winner, space: turned }, winner]);
  assertEquals(names.map(({ label }) => label), ["3", "5", "7", "X", "B"]);
});
