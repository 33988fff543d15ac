import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { curvesBody } from "../../lib/dashboard/curves_body.ts";
import { memoryBody } from "../../lib/dashboard/memory_body.ts";
import { populationBody } from "../../lib/dashboard/population_body.ts";
import { PartRenderer } from "../../lib/dashboard/parts.ts";
import { architectureBody, photographsBody } from "../../lib/dashboard/result_bodies.ts";
import { writeSnapshot } from "../../lib/run/snapshots.ts";
import { RunReader } from "../../lib/dashboard/run_reader.ts";
import { stagesBody } from "../../lib/dashboard/stages_body.ts";
import { candidate as tinyCandidate, fillRun, records, search, snapshot, withRun } from "./_run_fixture.ts";
import { candidate, count } from "../report/records.ts";

const noBudget = { macs: null, parameters: null, latencyMs: null };

/** Marks in the groups of a class. */
function marks(html: string, name: string): number {
  const groups = [...html.matchAll(new RegExp(`<g[^>]*class="${name}"[^>]*>(.*?)</g>`, "gs"))];
  return groups.reduce((sum, [, body]) => sum + count(body, "<path") + count(body, "<circle"), 0);
}

Deno.test("populationBody() has a layer a generation: its candidates, and the front of that time", () => {
  const candidates = [
    candidate({ generation: 0, score: 0.1, macs: 1e6 }),
    candidate({ generation: 0, slot: 1, score: 0.3, macs: 3e6 }),
    candidate({ generation: 0, slot: 2, status: "failed", score: null, reason: "no memory" }),
    candidate({ generation: 2, score: 0.4, macs: 2e6 }), // beats the second
  ];
  const html = populationBody(candidates, "AP", noBudget).source;
  assertStringIncludes(html, 'data-generations="1 3"');
  assertEquals([marks(html, "frame-0"), marks(html, "frame-1")], [2, 1]);
  assertEquals([marks(html, "front-0"), marks(html, "front-1")], [1 + 2, 1 + 2]); // a line and its points
  assertStringIncludes(html, "without a score: 1 candidate.");
});

Deno.test("populationBody() draws of very many candidates in very many generations no more than can be told apart", () => {
  const candidates = Array.from({ length: 8000 }, (_, i) =>
    candidate({
      generation: i >> 3,
      slot: i % 8,
      score: (i * 37 % 1000) / 1000,
      macs: 1e6 + (i * 101 % 997),
    }));
  const html = populationBody(candidates, "AP", noBudget).source;
  const frames = html.match(/data-generations="([^"]*)"/)![1].split(" ");
  assert(frames.length <= 61 && frames.at(-1) === "1000", frames.join(" "));
  assertLess(count(html, "<circle"), 4000);
  assertStringIncludes(html, "an even part is drawn");
});

Deno.test("populationBody() shows latencies where all candidates have one, and the budget", () => {
  const timed = candidate({ latencyMs: 12 });
  const html = populationBody([timed], "AP", { ...noBudget, latencyMs: 20 }).source;
  assertStringIncludes(html, "Latency (ms)");
  assertEquals(count(html, 'class="budget"'), 1);
  assertStringIncludes(populationBody([timed, candidate({})], "AP", noBudget).source, "Multiply-adds");
  assertStringIncludes(populationBody([], "AP", noBudget).source, "No candidate has a score yet");
});

Deno.test("curvesBody() draws what was measured, and throughput in images where a step's are known", () =>
  withRun(async (run) => {
    await Deno.writeTextFile(run.paths.metrics, records("finetune", 500));
    const [training] = (await new RunReader(run.dir).read()).trainings;
    const html = curvesBody(training, 8).source;
    assertEquals([...html.matchAll(/<figcaption>([^<]*)/g)].map(([, title]) => title), [
      ...["Loss", "Images a second", "Learning rate", "Memory of the worker"],
    ]);
    assertEquals(count(html, 'class="curve"'), 4);
    assertStringIncludes(curvesBody(training, null).source, "Steps a second");
    const bare = { ...training, bins: training.bins.map((bin) => ({ ...bin, rssBytes: null })) };
    assertEquals(count(curvesBody(bare, 8).source, 'class="curve"'), 3);
  }));

Deno.test("architectureBody() draws the best candidate, and of equal ones the cheaper", () =>
  withRun(async (run) => {
    const [first, second, third] = [0, 1, 2].map((slot) => tinyCandidate(0, slot));
    search(run, [first, { ...second, score: 0.9 }, { ...third, score: 0.9 }]);
    const view = await new RunReader(run.dir).read();
    const html = architectureBody(view).source;
    assertStringIncludes(html, "251.0 k multiply-adds"); // the second's
    assertEquals(count(html, 'aria-label="block"'), 5);
    const named = { ...view, config: { ...run.config, architecture: "3|3|33|3" } };
    assertStringIncludes(architectureBody(named).source, "3|3|33|3");
    assertStringIncludes(architectureBody({ ...view, candidates: [] }).source, "None has a score yet");
  }));

Deno.test("photographsBody() shows the newest look until the report has its photographs", () =>
  withRun(async (run) => {
    const view = await new RunReader(run.dir).read();
    assertStringIncludes(photographsBody(view).source, "from the detector's first checkpoint on");
    const html = photographsBody({ ...view, snapshot: snapshot("finetune", 20) }).source;
    for (const part of ["finetune, step 20 of 60", "val/7", "at least 0.3"]) assertStringIncludes(html, part);
    assertEquals([count(html, 'aria-label="detection"'), count(html, 'aria-label="truth"')], [1, 1]);
    assertEquals(count(html, "Retraining learns"), 0);
    const later = { ...view, snapshot: snapshot("retrain", 20) };
    assertEquals(count(photographsBody(later).source, "Retraining learns"), 1);
    assertEquals(
      photographsBody({ ...later, photographs: "<p>the report's</p>" }).source,
      "<p>the report's</p>",
    );
  }));

Deno.test("memoryBody() draws the worker's and the command's memory by candidate", () =>
  withRun(async (run) => {
    const more = { rssBytes: 600 * 2 ** 20, coordinatorRssBytes: 200 * 2 ** 20 };
    for (const step of [3, 9]) {
      await run.metrics.append({ stage: "search", step, elapsedMs: 100, ...more });
    }
    const [search] = (await new RunReader(run.dir).read()).trainings;
    const html = memoryBody(search).source;
    assertEquals(count(html, 'class="curve"'), 2);
    assertStringIncludes(html, "Candidates tried");
  }));

Deno.test("stagesBody() escapes what it shows, and calls a stage unfinished where no command is at work", () =>
  withRun(async (run) => {
    await fillRun(run);
    const view = await new RunReader(run.dir).read();
    assertStringIncludes(stagesBody(view, true).source, "under way");
    assertStringIncludes(stagesBody(view, false).source, "not finished");
    assertStringIncludes(stagesBody({ ...view, config: null, dir: "<b>" }, true).source, "&lt;b&gt;");
  }));

Deno.test("PartRenderer draws again only what has changed", () =>
  withRun(async (run) => {
    await fillRun(run);
    const [reader, renderer] = [new RunReader(run.dir), new PartRenderer()];
    const first = renderer.render(await reader.read(), true);
    assertEquals(first.map(({ id }) => id), [
      ...["tiles", "stages", "training-pretrain", "training-finetune"],
      ...["candidates", "best", "architecture", "evaluation", "photographs"],
    ]);
    assertEquals(renderer.render(await reader.read(), true), []);
    await writeSnapshot(run.paths.detections, snapshot("finetune", 20));
    await run.metrics.append({ stage: "search", step: 12, elapsedMs: 100, rssBytes: 1e8 });
    const looked = renderer.render(await reader.read(), true).map(({ id }) => id);
    assertEquals(looked, ["tiles", "stages", "search-memory", "photographs"]);
    search(run, [tinyCandidate(3, 0)]);
    const ids = renderer.render(await reader.read(), true).map(({ id }) => id);
    assertEquals(ids, ["tiles", "stages", "candidates", "best", "architecture"]);
    assertEquals(renderer.all().length, first.length + 1);
  }));
