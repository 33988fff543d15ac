import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";
import { digests, exists, filesBelow, runJob, withFolder } from "../helpers/job.ts";

const { population, generations } = shapesTiny.search;

interface WinnerRecord {
  [field: string]: unknown;
  retrained?: Record<string, unknown>;
}

function checkWinners(winners: WinnerRecord[]): void {
  assertEquals(winners.length, 5);
  const fields = ["space", "choices", "macs", "parameters", "score"];
  winners.forEach((winner, i) => {
    assertEquals(Object.keys(winner).sort(), [...fields, ...(i === 0 ? ["retrained"] : [])].sort());
    assertEquals(winner.space, "tiny");
    assert(Array.isArray(winner.choices) && winner.choices.length === 5);
    assert(winner.choices.every((choice) => [0, 1, 2, 3].includes(choice)));
    assertGreater(winner.macs as number, 0);
    assertGreater(winner.parameters as number, 0);
  });
  const scores = winners.map(({ score }) => score as number);
  assertEquals(scores, [...scores].sort((a, b) => b - a), "best first");
  const { perClass, ...averages } = winners[0].retrained!;
  assertEquals(Object.keys(averages), ["AP", "AP50", "AP75", "APs", "APm", "APl"]);
  assert(
    Object.values(averages).every((value) =>
      value === -1 || ((value as number) >= 0 && (value as number) <= 1)
    ),
  );
  assertEquals(Object.keys(perClass as object).sort(), ["circle", "cross", "ring", "square", "triangle"]);
  for (const scores of Object.values(perClass as object)) {
    assertEquals(Object.keys(scores).sort(), ["AP", "AP50"]);
  }
}

function checkHistory(path: string): void {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT strategy, choices, status FROM candidates").all();
  assertEquals(rows.length, 2 * population * generations);
  for (const strategy of ["evolution", "random"]) {
    const own = rows.filter((row) => row.strategy === strategy);
    assertEquals(own.length, population * generations);
    assertEquals(new Set(own.map(({ choices }) => choices)).size, own.length, "no architecture twice");
    assert(own.every(({ status }) => status === "scored"));
  }
}

/** Nothing in the page is fetched: all that loads is a data URL or a fragment of the page itself. */
function checkSelfContained(html: string): void {
  assertStringIncludes(html, "<svg");
  const loads = [
    ...html.matchAll(/\s(?:src|href|srcset|poster|action|data)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi),
    ...html.matchAll(/url\(\s*("[^"]*"|'[^']*'|[^)]+)\)/gi),
    ...html.matchAll(/@import\s+("[^"]*"|'[^']*')/gi),
  ].map(([, target]) => target.replace(/^["']|["']$/g, ""));
  assertGreater(loads.filter((target) => target.startsWith("data:image/")).length, 0);
  assertEquals(loads.filter((target) => !/^(data:|#)/.test(target)), []);
  assert(!/<(script|iframe|link)\b/i.test(html), "no scripts, frames or links to files");
}

/** The curve has every step of every training, once and in order, and the search's memory between. */
function checkMetrics(text: string): void {
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const searched = lines.filter(({ stage }) => stage === "search");
  const records = lines.filter(({ stage }) => stage !== "search");
  assert(searched.length > 0 && searched.every(({ rssBytes, step }) => rssBytes > 1e6 && step <= 16));
  const wanted = ["pretrain", "finetune", "retrain"].flatMap((stage) =>
    Array.from({ length: 12 }, (_, i) => [stage, i + 1])
  );
  assertEquals(records.map(({ stage, step }) => [stage, step]), wanted);
  assert(records.every(({ loss, learningRate }) => Number.isFinite(loss) && learningRate >= 0));
}

Deno.test("deno task search does the whole job, and typed again says that it is done and changes nothing; evaluate and report do their parts again", () =>
  withFolder(async (folder) => {
    const run = `${folder}/run`;
    const args = ["--config", "shapes-tiny", "--run", run, "--threads", "2"];
    const first = await runJob("search", args);
    assertEquals(first.code, 0, first.stderr);
    for (
      const line of [
        "TensorFlow 2.",
        "winner ",
        "retrained: AP ",
        `wrote ${run}/winners.json and ${run}/report.html`,
      ]
    ) {
      assertStringIncludes(first.stdout, line);
    }
    assertStringIncludes(first.stdout, "next: ");

    const files = await filesBelow(run);
    const text = (name: string): string => new TextDecoder().decode(files.get(name));
    const checkpoints = ["pretrain", "finetune", "retrain"].flatMap((stage) =>
      [8, 12].flatMap((
        step,
      ) => [`${stage}/step-${step}/manifest.json`, `${stage}/step-${step}/network.safetensors`])
    );
    const wanted = [
      ...checkpoints,
      "config.json",
      "evaluation.json",
      "metrics.jsonl",
      "report.html",
      "report.json",
      "run.lock",
      "search.sqlite",
    ];
    wanted.push("sessions.jsonl", "stages.json", "winners.json");
    wanted.push(
      ...["finetune", "retrain"].flatMap((stage) =>
        [4, 8, 12].map((step) => `detections/${stage}-${step}.json`)
      ),
    );
    const isLook = (name: string): boolean => /^detections\/search-\d+\.json$/.test(name);
    assertEquals([...files.keys()].filter((name) => !isLook(name)).sort(), wanted.sort());
    assert([...files.keys()].some(isLook), "the best candidate was looked at");
    assertEquals(JSON.parse(text("config.json")).name, "shapes-tiny");
    checkWinners(JSON.parse(text("winners.json")));
    checkSelfContained(text("report.html"));
    const { evaluations: [evaluation] } = JSON.parse(text("report.json"));
    assertEquals(evaluation.images.length, JSON.parse(text("evaluation.json")).images);
    checkMetrics(text("metrics.jsonl"));
    const finished = Object.entries(JSON.parse(text("stages.json")) as Record<string, { status: string }>);
    assertEquals(finished.map(([stage, { status }]) => `${stage} ${status}`), [
      "pretrain finished",
      "finetune finished",
      "search finished",
      "retrain finished",
      "evaluate finished",
      "report finished",
    ]);

    const start = performance.now();
    const second = await runJob("search", args);
    const elapsedMs = performance.now() - start;
    assertEquals(second.code, 0, second.stderr);
    assertStringIncludes(second.stdout, `Nothing is left to do in ${run}`);
    assert(!second.stdout.includes("TensorFlow"), "the engine is not even started");
    assert(elapsedMs < 20_000, `it took ${elapsedMs} ms`);
    const unchanged = (all: ReadonlyMap<string, Uint8Array>): Record<string, string> =>
      digests(new Map([...all].filter(([name]) => !["run.lock", "sessions.jsonl"].includes(name)))); // who opened it
    assertEquals(unchanged(await filesBelow(run)), unchanged(files));

    for (const [name, line] of [["evaluate", "AP50"], ["report", "report.html"]]) {
      const again = await runJob(name, ["--run", run]);
      assertEquals([again.code, again.stderr], [0, ""]);
      assertStringIncludes(again.stdout, line);
    }
    checkHistory(`${run}/search.sqlite`); // last, as SQLite leaves files beside it
  }));

Deno.test("deno task search --help says what there is to say, and starts nothing", () =>
  withFolder(async (folder) => {
    const { code, stdout } = await runJob("search", ["--help", "--run", `${folder}/run`]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "deno task search [flags]");
    assert(!await exists(`${folder}/run`));
  }));
