import { DOMParser } from "linkedom";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderReport } from "../../lib/report/report.ts";
import { summarizeStrategies, winnerColumns } from "../../lib/report/search_sections.ts";
import { csvTable } from "../../lib/report/table.ts";
import type { ReportInput } from "../../lib/report/report_input.ts";
import { candidate, count, input, picture, space } from "./records.ts";

const hostile = "<script>alert(1)</script>";
const ap = { AP: 0.5, AP50: 0.8, AP75: 0.5, APs: -1, APm: 0.4, APl: 0.6 };
const winner = {
  space: "six",
  choices: [0, 1, 2, 3, 0, 1],
  macs: 288_082_000,
  parameters: 1_849_600,
  score: 0.41239,
};

/** Every part of a report, each text of the user's being `text`. */
function full(text: string): ReportInput {
  const perClass = { [text]: { AP: 0.5, AP50: 0.8 } };
  const box = { className: text, boxXyxy: [1, 2, 30, 40] as [number, number, number, number] };
  const failed = { status: "failed", score: null, reason: text } as const;
  return input({
    name: text,
    finishedAt: text,
    config: { path: text },
    environment: { engine: text, device: text, threads: 2, workers: 1, deno: text },
    stages: [{ stage: text, seconds: 4, peakRssBytes: 2 ** 30 }, { stage: "b", seconds: 0 }],
    curves: [{
      title: text,
      points: [{ step: 1, loss: 2, learningRate: 0.1 }, { step: 2, loss: NaN, learningRate: 0.1 }],
      scores: [{ step: 2, score: 0.5 }],
      scoreName: text,
    }],
    space: { ...space, name: text },
    search: {
      scoreName: text,
      budget: { macs: 3e8, parameters: 2e6 },
      candidates: [
        candidate({}),
        candidate({ generation: 1, ...failed }),
        candidate({ strategy: "random", score: 0.1 }),
      ],
    },
    winners: [{ ...winner, retrained: { ...ap, perClass } }, winner],
    evaluations: [{ title: text, images: 3, summary: ap, perClass }],
    gallery: {
      classNames: [text],
      minScore: 0.5,
      pictures: [picture({ title: text, detections: [{ ...box, score: 0.9 }], truths: [box] })],
    },
    data: [{ title: text, images: 1, objects: 2, skipped: [{ file: text, reason: text }] }],
    nextCommands: [{ purpose: text, command: text }],
  });
}

/** The report without embedded images, whose base64 may spell anything. */
function visible(source: string): string {
  return source.replace(/base64,[^"]*/g, "");
}

Deno.test("a text that is a script stays a text wherever it stands", () => {
  const source = renderReport(full(hostile));
  assert(!source.includes("<script"));
  assert(count(source, "&lt;script&gt;alert(1)&lt;/script&gt;") > 25);
});

Deno.test("a text that closes attributes opens none", () => {
  const source = renderReport(full(`" onload="alert(1)' onload='`));
  const document = new DOMParser().parseFromString(source, "text/html");
  const attributes = [...document.querySelectorAll("*")].flatMap((element) => element.getAttributeNames());
  assertEquals(attributes.filter((name) => name.startsWith("on")), []);
});

Deno.test("a full report has every part, and nothing from outside", () => {
  const source = renderReport(full("cells"));
  const ids = [...source.matchAll(/<section id="(\w+)">/g)].map(([, id]) => id);
  assertEquals(ids, ["winner", "detection", "photographs", "search", "training", "data", "run"]);
  assert(!/(?:src|href)="(?!#|data:image)/.test(source));
  assert(!/url\(|@import/.test(source));
});

Deno.test("the same input gives the same bytes", () => {
  assertEquals(renderReport(full("a")), renderReport(full("a")));
});

const searchOf = (candidates: ReturnType<typeof candidate>[]): ReportInput["search"] => ({
  scoreName: "AP",
  budget: { macs: null, parameters: null },
  candidates,
});
const sparse: Record<string, Partial<ReportInput>> = {
  "nothing but a name": {},
  "one candidate": { search: searchOf([candidate({})]), winners: [winner] },
  "no random search": { search: searchOf([candidate({}), candidate({ generation: 1, score: 0.3 })]) },
  "failed candidates only": { search: searchOf([candidate({ status: "failed", score: null, reason: "r" })]) },
  "a search that met nothing": { search: searchOf([]) },
  "a winner that was not retrained": { winners: [winner] },
  "a training without steps": { curves: [{ title: "T", points: [], scores: [], scoreName: "AP" }] },
  "a training of one step": {
    curves: [{ title: "T", points: [{ step: 1, loss: 1, learningRate: 0 }], scores: [], scoreName: "AP" }],
  },
  "an evaluation without objects": {
    evaluations: [{
      title: "E",
      images: 0,
      summary: { AP: -1, AP50: -1, AP75: -1, APs: -1, APm: -1, APl: -1 },
      perClass: {},
    }],
  },
  "a gallery without pictures": { gallery: { classNames: [], minScore: 0.5, pictures: [] } },
  "a photograph without boxes": { gallery: { classNames: ["a"], minScore: 0.5, pictures: [picture({})] } },
  "an empty config": { config: undefined },
};
for (const [what, changes] of Object.entries(sparse)) {
  Deno.test(`a report of ${what} draws no NaN and no undefined`, () => {
    const source = visible(renderReport(input(changes)));
    const bad = source.match(/.{0,80}(?:NaN|undefined|Infinity|null).{0,40}/);
    assertEquals(bad?.[0], undefined);
    assert(!/⚠/.test(source), "a chart warns");
  });
}

Deno.test("a full report draws no NaN and no undefined", () => {
  assertEquals(
    visible(renderReport(full("a"))).match(/.{0,80}(?:NaN|undefined|Infinity|⚠).{0,40}/)?.[0],
    undefined,
  );
});

Deno.test("figures are rounded on the page and exact in CSV", () => {
  const source = renderReport(input({ winners: [winner] }));
  assertStringIncludes(source, "<b>288.1 M</b>");
  assertStringIncludes(source, "<b>1.850 M</b>");
  assertStringIncludes(source, ">01 2301</td>");
  assertStringIncludes(source, ">0.4124</td>");
  const csv = csvTable(winnerColumns("AP", space.stageRepeats), [{ ...winner, place: 1 }]);
  assertStringIncludes(csv, "\r\n1,0 1 2 3 0 1,288082000,1849600,0.41239,,\r\n");
});

Deno.test("strategies are summed up apart", () => {
  const candidates = [
    candidate({ score: 0.2 }),
    candidate({ score: 0.4, generation: 1 }),
    candidate({ status: "failed", score: null, generation: 1 }),
    candidate({ strategy: "random", status: "failed", score: null }),
  ];
  const search = { scoreName: "AP", budget: { macs: null, parameters: null }, candidates };
  assertEquals(summarizeStrategies(search), [
    { strategy: "evolution", scored: 2, failed: 1, seconds: 0.3, best: 0.4, lastMean: 0.4 },
    { strategy: "random", scored: 0, failed: 1, seconds: 0.1, best: null, lastMean: null },
  ]);
});
