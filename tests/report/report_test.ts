import { DOMParser } from "linkedom";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderReport } from "../../lib/report/report.ts";
import { colorVariables } from "../../lib/report/stylesheet.ts";
import { winnerColumns } from "../../lib/report/search_sections.ts";
import { csvTable } from "../../lib/report/table.ts";
import type { ReportInput } from "../../lib/report/report_input.ts";
import { candidate, count, details, input, picture, searchOf, space } from "./records.ts";

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
    approximations: [text],
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
      budget: { macs: 3e8, parameters: 2e6, latencyMs: 3 },
      candidates: [
        candidate({ latencyMs: 2 }),
        candidate({ generation: 1, ...failed }),
        candidate({ strategy: "random", score: 0.1 }),
      ],
      fronts: [{
        cost: "macs",
        referenceCost: 3e8,
        strategies: [{ strategy: "evolution", points: [{ cost: 2e6, score: 0.25 }], hypervolumes: [1e7] }],
      }],
    },
    rank: {
      scoreName: text,
      modeName: text,
      architectures: [{ choices: [0, 1, 2, 3, 0, 1], macs: 1e6, inherited: 0.1, retrained: 0.4 }],
      modes: [
        { name: text, kendallTau: null, spearmanRho: null, interval: null },
        { name: "average", kendallTau: 0.5, spearmanRho: 0.6, interval: { low: -0.1, high: 0.9 } },
      ],
    },
    winners: [{ ...winner, retrained: { ...ap, perClass } }, winner],
    evaluations: [{ title: text, images: 3, summary: ap, perClass, details: details([text, "other"]) }],
    gallery: {
      classNames: [text],
      minScore: 0.5,
      groups: [{
        title: text,
        pictures: [picture({ title: text, detections: [{ ...box, score: 0.9 }], truths: [box] })],
      }],
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
  const evaluated = ["detection", "precision", "confusion", "photographs"];
  assertEquals(ids, ["winner", ...evaluated, "search", "rank", "training", "data", "run"]);
  const links = [...source.matchAll(/<a href="#(\w+)">/g)].map(([, id]) => id);
  assert(ids.every((id) => links.includes(id)), "a part that the contents do not lead to");
  assert(!/(?:src|href)="(?!#|data:image)/.test(source));
  assert(!/url\(|@import/.test(source));
});

Deno.test("the same input gives the same bytes", () => {
  assertEquals(renderReport(full("a")), renderReport(full("a")));
});

const sparse: Record<string, Partial<ReportInput>> = {
  "nothing but a name": {},
  "one candidate": { search: searchOf([candidate({})]), winners: [winner] },
  "no random search": { search: searchOf([candidate({}), candidate({ generation: 1, score: 0.3 })]) },
  "failed candidates only": { search: searchOf([candidate({ status: "failed", score: null, reason: "r" })]) },
  "a search that met nothing": { search: searchOf([]) },
  "an architecture that no search has scored": { winners: [{ ...winner, score: null }] },
  "a ranking of nothing": { rank: { scoreName: "AP", modeName: "average", architectures: [], modes: [] } },
  "a strategy of which one trial failed": {
    search: searchOf([candidate({}), candidate({ trial: 1, status: "failed", score: null, reason: "r" })]),
  },
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
      details: null,
    }],
  },
  "an evaluation in which nothing was there and nothing found": {
    evaluations: [{
      title: "E",
      images: 0,
      summary: { AP: -1, AP50: -1, AP75: -1, APs: -1, APm: -1, APl: -1 },
      perClass: {},
      details: {
        classes: [{
          name: "a",
          objects: 0,
          AP: -1,
          AP50: -1,
          AP75: -1,
          AR100: -1,
          precision50: null,
          precision75: null,
        }],
        sizes: [{ name: "small", objects: 0, AP: -1, AR100: -1 }],
        confusion: { thresholds: { score: 0.4, iou: 0.5 }, counts: [[0, 0], [0, 0]] },
        images: [],
      },
    }],
  },
  "a gallery without pictures": {
    gallery: { classNames: [], minScore: 0.5, groups: [{ title: "T", pictures: [] }] },
  },
  "a photograph without boxes": {
    gallery: { classNames: ["a"], minScore: 0.5, groups: [{ title: "T", pictures: [picture({})] }] },
  },
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

Deno.test("an architecture that no search has scored is called no winner", () => {
  const source = renderReport(input({ winners: [{ ...winner, score: null }] }));
  assertStringIncludes(source, "<h2>Architecture</h2>");
  assert(!/Winner|search AP/.test(source));
});

Deno.test("choices beyond nine are letters, and the note names all of the space's", () => {
  const choices = Array.from({ length: 12 }, (_, i) => ({ kind: "shuffle" as const, kernel: 2 * i + 1 }));
  const many = { ...winner, choices: [0, 9, 10, 11, 0, 0] };
  const source = renderReport(input({ space: { ...space, choices }, winners: [many] }));
  assertStringIncludes(source, ">09 ab00</td>");
  assertStringIncludes(source, "b ShuffleNet 23×23");
});

Deno.test("only a search with times has a picture of them", () => {
  const timed = candidate({ latencyMs: 2 });
  assertStringIncludes(renderReport(input({ search: searchOf([timed]) })), "Score against latency");
  assert(!renderReport(input({ search: searchOf([candidate({})]) })).includes("latency"));
});

Deno.test("renderReport() says of an approximate run that it is one, and what had changed, and of an exact one nothing", () => {
  const difference = "finetune/step-4: threads was 2 and is now 3";
  const html = renderReport(input({ approximations: [difference] }));
  assertStringIncludes(html, "<b>Approximate:</b>");
  assertStringIncludes(html, `<li>${difference}</li>`);
  assert(!/approximate/i.test(renderReport(input({}))));
});

Deno.test("every colour of the page and its pictures has a value for light and one for dark", () => {
  const source = renderReport(full("cells"));
  const used = new Set([...visible(source).matchAll(/var\(--([a-z0-9]+)\)/g)].map(([, name]) => name));
  const [light, dark] = [...colorVariables.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) => body);
  const given = new Set(["share", "plot"]); // by each cell; by Plot
  for (const name of used) {
    if (given.has(name)) continue;
    assertStringIncludes(light, `--${name}:`);
    assertStringIncludes(dark, `--${name}:`);
  }
  assert(used.size > 8);
});
