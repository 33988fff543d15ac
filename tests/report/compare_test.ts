import { DOMParser } from "linkedom";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { renderComparison } from "../../lib/report/compare.ts";
import type { ComparedRun } from "../../lib/report/compare_input.ts";
import { ablationTable, labelled, mainTable, strategyTable } from "../../lib/report/compare_tables.ts";
import { csvTable, htmlTable, markdownTable } from "../../lib/report/table.ts";
import { candidate, comparedRun, count, space } from "./records.ts";

const random = comparedRun({ name: "random", backbone: "random, small", publishedAs: null });
const unfinished = comparedRun({ name: "unfinished", architecture: null, evaluation: null });
const searched = comparedRun({
  name: "searched",
  candidates: [candidate({ score: 0.4 }), candidate({ score: 0.3, strategy: "random" })],
});

const file = (runs: readonly ComparedRun[], name: string): string =>
  renderComparison(runs).get(name) ?? `no ${name}`;

Deno.test("a comparison is a page, Markdown, a CSV file a table and a picture a space", () => {
  const names = [...renderComparison([searched, random]).keys()];
  assertEquals(names, [
    "compare.html",
    "compare.md",
    "compare.csv",
    "compare-ablation.csv",
    "compare-search.csv",
    "compare-kernels.csv",
    "compare-published.csv",
    "compare-architectures.svg",
  ]);
});

Deno.test("the main table has the published number beside the measured one", () => {
  const lines = file([comparedRun({ data: "COCO" }), random], "compare.csv").split("\r\n");
  assertEquals(
    lines[0],
    "Run,Detector,Backbone,Data,Multiply-adds,Parameters,AP,AP published,AP50,AP75,APs,APm,APl,Row",
  );
  assertEquals(
    lines[1],
    'trial,RetinaNet,"DetNAS, small",COCO,288082000,1849600,0.43446680079700345,0.333,0.8,0.5,,0.4,0.6,3',
  );
  assertEquals(
    lines[2],
    'random,RetinaNet,"random, small",cells,288082000,1849600,0.43446680079700345,,0.8,0.5,,0.4,0.6,',
  );
});

Deno.test("people read rounded numbers, a dash, and that nothing was found", () => {
  const { columns, rows } = mainTable(labelled([comparedRun({}), random]));
  const [, , first, second] = markdownTable(columns, rows).split("\n");
  assertStringIncludes(first, "| 288.1 M | 1.850 M | 0.434 | 0.333 (COCO) | 0.800 | 0.500 | – | 0.400 |");
  assertStringIncludes(first, "\\[3\\]");
  assertStringIncludes(second, "| 0.434 | not found |");
});

Deno.test("VOC's published number is an AP50, and has a column only then", () => {
  const voc = comparedRun({ data: "VOC" });
  const { columns, rows } = mainTable(labelled([voc]));
  assertStringIncludes(htmlTable(columns, rows).source, ">0.801</td>");
  assert(!file([random], "compare.csv").includes("AP50 published"));
});

Deno.test("the ablation has a backbone a row, a detector and data set a column", () => {
  const runs = [
    comparedRun({ data: "COCO" }),
    comparedRun({ data: "VOC" }),
    comparedRun({ data: "COCO", detector: "Faster R-CNN, FPN" }),
    comparedRun({ data: "VOC", backbone: "ShuffleNetV2-20", publishedAs: "ShuffleNetV2-20" }),
  ];
  const { columns, rows } = ablationTable(runs);
  assertEquals(
    csvTable(columns, rows),
    'Backbone,"RetinaNet, COCO: AP",published,"RetinaNet, VOC: AP50",published,"Faster R-CNN, FPN, COCO: AP",published\r\n' +
      '"DetNAS, small",0.43446680079700345,0.333,0.8,0.801,0.43446680079700345,0.364\r\n' +
      "ShuffleNetV2-20,,,0.8,,,\r\n",
  );
  assertStringIncludes(markdownTable(columns, rows), "| – | – | 0.800 | not found | – | – |");
});

Deno.test("runs of one cell are averaged, and that is said", () => {
  const summary = { AP: 0.2, AP50: 0.5, AP75: 0.1, APs: 0, APm: 0, APl: 0 };
  const low = comparedRun({ evaluation: { images: 3, summary } });
  const high = comparedRun({ evaluation: { images: 3, summary: { ...summary, AP: 0.3 } } });
  const { columns, rows } = ablationTable([low, high, unfinished]);
  assertStringIncludes(markdownTable(columns, rows), "| 0.250 (mean of 2) |");
});

Deno.test("strategies are set against random search, run by run", () => {
  const { columns, rows } = strategyTable(labelled([searched, random]));
  assertEquals(rows.map(({ label, againstRandom }) => [label, againstRandom?.toFixed(3)]), [
    ["searched", "0.100"],
    ["searched", undefined],
  ]);
  assertStringIncludes(markdownTable(columns, rows), "| +0.1000 |");
  assertStringIncludes(htmlTable(columns, rows).source, ">Best AP</th>");
});

Deno.test("a strategies' table of several trials has their deviation as a number", () => {
  const trials = [0.2, 0.4].map((score, trial) => candidate({ score, trial }));
  const csv = file([comparedRun({ candidates: trials })], "compare-search.csv");
  assertStringIncludes(csv, "\r\ntrial,evolution,2,2,0,0.30000000000000004,0.1414213562373095");
});

Deno.test("what a run does not have yet is a dash, and no run's part is lost for it", () => {
  const files = renderComparison([unfinished]);
  assertEquals([...files.keys()].filter((name) => /search|kernels|svg/.test(name)), []);
  const row = files.get("compare.csv")?.split("\r\n")[1];
  assertEquals(row, 'unfinished,RetinaNet,"DetNAS, small",cells,,,,0.333,,,,,,3');
  for (const text of files.values()) assert(!/NaN|undefined|Infinity/.test(text), text);
});

Deno.test("runs of one name are told apart by their folders", () => {
  const labels = labelled([
    comparedRun({ folder: "a/x" }),
    comparedRun({ folder: "b/x" }),
    random,
  ]).map(({ label }) => label);
  assertEquals(labels, ["a/x", "b/x", "random"]);
});

Deno.test("each space has a picture of its own, and the Markdown shows them all", () => {
  const large = { ...space, name: "large", stageRepeats: [3, 3] };
  const files = renderComparison([searched, comparedRun({ name: "b", space: large }), random]);
  const first = files.get("compare-architectures.svg") ?? "";
  const second = files.get("compare-architectures-2.svg") ?? "";
  assertEquals([count(first, `aria-label="architecture"`), count(second, `aria-label="architecture"`)], [
    2,
    1,
  ]);
  const markdown = files.get("compare.md") ?? "";
  assertStringIncludes(markdown, "![Architectures in space “large”](compare-architectures-2.svg)");
  assertStringIncludes(first, "prefers-color-scheme: dark");
});

Deno.test("the page has all tables, the winners in one picture and a pile of kernels a run", () => {
  const source = file([searched, random, unfinished], "compare.html");
  const ids = [...source.matchAll(/<section id="(\w+)">/g)].map(([, id]) => id);
  assertEquals(ids, ["main", "ablation", "search", "architectures", "kernels", "published"]);
  assertEquals(count(source, `aria-label="architecture"`), 2);
  assertEquals(count(source, "choices counted by stage"), 2);
  assertEquals(count(source, "Hit-Detector"), 1);
});

Deno.test("a name that is markup stays a text in every file", () => {
  const hostile = `"><script>alert(1)</script>|[x](y)`;
  const run = { ...searched, name: hostile, folder: hostile, backbone: hostile, data: hostile };
  const files = renderComparison([{ ...run, space: { ...space, name: hostile } }]);
  for (const [name, text] of files) {
    if (/html|svg/.test(name)) assert(!text.includes("<script"), name);
  }
  const attributes = [
    ...new DOMParser().parseFromString(files.get("compare.html") ?? "", "text/html").querySelectorAll("*"),
  ].flatMap((element) => element.getAttributeNames());
  assertEquals(attributes.filter((name) => name.startsWith("on")), []);
  const markdown = files.get("compare.md") ?? "";
  assert(!/(?<!\\)<script/.test(markdown), markdown);
  assert(!/(?<!\\)\]\(y\)/.test(markdown), markdown);
  assertStringIncludes(files.get("compare.csv") ?? "", `"""><script>alert(1)</script>|[x](y)"`);
});

Deno.test("the same runs give the same files, and choices that fit no space are refused", () => {
  assertEquals([...renderComparison([searched, random])], [...renderComparison([searched, random])]);
  const wrong = { ...random, architecture: { choices: [0], macs: 1, parameters: 1, score: null } };
  assertThrows(
    () => renderComparison([wrong]),
    RangeError,
    '"random": 1 choices, but space "six" has 6 blocks',
  );
});

Deno.test("an approximate run is marked in every table and picture, and what that means is said", () => {
  const runs = [{ ...searched, isApproximate: true }, random];
  const label = `${searched.name} (approximate)`;
  assertStringIncludes(file(runs, "compare.csv"), `\r\n${label},`);
  assertStringIncludes(file(runs, "compare-search.csv"), `\r\n${label},`);
  assertStringIncludes(file(runs, "compare.html"), `>${label}<`);
  assertStringIncludes(file(runs, "compare-architectures.svg"), label);
  for (const name of ["compare.html", "compare.md"]) {
    assertStringIncludes(file(runs, name), "Approximate: the run went on");
    assert(!/approximate/i.test(file([searched, random], name)));
  }
});
