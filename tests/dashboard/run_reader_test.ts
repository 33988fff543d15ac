import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { photographsOf, RunReader } from "../../lib/dashboard/run_reader.ts";
import { writeSnapshot } from "../../lib/run/snapshots.ts";
import { renderReport } from "../../lib/report/report.ts";
import { openHistory } from "../../lib/search/history.ts";
import { exists, withFolder } from "../helpers/job.ts";
import { input, picture } from "../report/records.ts";
import { candidate, fillRun, record, records, search, snapshot, withRun } from "./_run_fixture.ts";

Deno.test("RunReader finds nothing in a folder that is not there, and makes nothing there", () =>
  withFolder(async (folder) => {
    const view = await new RunReader(`${folder}/none`).read();
    assertEquals([view.config, view.trainings, view.candidates, view.photographs, view.changedAtMs], [
      null,
      [],
      [],
      null,
      null,
    ]);
    assert(!await exists(`${folder}/none`));
  }));

Deno.test("RunReader gives a run's stages, trainings and candidates", () =>
  withRun(async (run) => {
    await fillRun(run);
    const view = await new RunReader(run.dir).read();
    assertEquals(view.config, run.config);
    assertEquals([...view.stages].map(([stage, { status }]) => `${stage} ${status}`), [
      "pretrain finished",
      "finetune finished",
      "search started",
      "rank new",
      "retrain new",
      "evaluate new",
      "report new",
    ]);
    assertEquals(
      view.trainings.map(({ name, step, totalSteps, stepsPerSecond, rssBytes }) => [
        ...[name, step, totalSteps, stepsPerSecond, rssBytes],
      ]),
      [["pretrain", 40, 40, 50, 100 * 2 ** 20], ["finetune", 60, 60, 50, 100 * 2 ** 20]],
    );
    assertEquals(view.candidates.map(({ score }) => score), [
      ...Array.from({ length: 12 }, (_, i) => candidate(i >> 2, i % 4).score),
    ]);
  }));

Deno.test("RunReader follows a run: steps and candidates are there at the next look, torn lines when whole", () =>
  withRun(async (run) => {
    await Deno.writeTextFile(run.paths.metrics, records("pretrain", 10));
    search(run, [candidate(0, 0)]);
    const reader = new RunReader(run.dir);
    const first = await reader.read();
    assertStrictEquals((await reader.read()).candidates, first.candidates, "nothing new is the same list");
    const line = record("pretrain", 11, 20);
    await Deno.writeTextFile(run.paths.metrics, line.slice(0, 30), { append: true });
    search(run, [candidate(0, 1)]);
    const torn = await reader.read();
    assertEquals([torn.trainings[0].step, torn.candidates.length], [10, 2]);
    await Deno.writeTextFile(run.paths.metrics, line.slice(30), { append: true });
    assertEquals((await reader.read()).trainings[0].step, 11);
  }));

Deno.test("RunReader reads candidates while the search has its history open, and leaves no file behind", () =>
  withRun(async (run) => {
    const reader = new RunReader(run.dir);
    {
      using history = openHistory(run.paths.search, "test");
      for (const slot of [0, 1]) {
        history.record(candidate(0, slot));
        assertEquals((await reader.read()).candidates.length, slot + 1);
      }
    }
    assertEquals((await reader.read()).candidates.length, 2);
    for (const end of ["-wal", "-shm"]) assert(!await exists(run.paths.search + end), end);
  }));

Deno.test("RunReader forgets the steps that a resumed training takes back", () =>
  withRun(async (run) => {
    await Deno.writeTextFile(run.paths.metrics, records("pretrain", 20));
    const reader = new RunReader(run.dir);
    assertEquals((await reader.read()).trainings[0].step, 20);
    await run.metrics.truncate("pretrain", 8);
    assertEquals((await reader.read()).trainings[0].step, 8);
  }));

Deno.test("RunReader holds 100,000 logged steps as at most 240 bins, and looks again at what is new only", () =>
  withRun(async (run) => {
    await Deno.writeTextFile(run.paths.metrics, records("pretrain", 100_000));
    const reader = new RunReader(run.dir);
    const [training] = (await reader.read()).trainings;
    assertEquals([training.step, training.totalSteps], [100_000, 100_000]);
    assert(training.bins.length > 120 && training.bins.length <= 240, `${training.bins.length}`);
    await Deno.writeTextFile(run.paths.metrics, record("pretrain", 100_001, 100_001), { append: true });
    assertEquals((await reader.read()).trainings[0].step, 100_001);
  }));

Deno.test("RunReader leaves out a line of the log that is no record", () =>
  withRun(async (run) => {
    const text = `{"stage":"pretrain"\nnull\n{"stage":"pretrain"}\n${record("pretrain", 1, 2)}`;
    await Deno.writeTextFile(run.paths.metrics, text);
    assertEquals((await new RunReader(run.dir).read()).trainings.map(({ step }) => step), [1]);
  }));

Deno.test("RunReader names a history that is another program's file", () =>
  withRun(async (run) => {
    await Deno.writeTextFile(run.paths.search, "no database at all, but long enough to look like one");
    await assertRejects(
      () => new RunReader(run.dir).read(),
      Error,
      `Cannot read search history ${run.paths.search}`,
    );
  }));

Deno.test("RunReader gives the newest look at a network, the same object until there is another", () =>
  withRun(async (run) => {
    const reader = new RunReader(run.dir);
    assertEquals((await reader.read()).snapshot, null);
    for (const step of [20, 100]) await writeSnapshot(run.paths.detections, snapshot("finetune", step));
    const first = (await reader.read()).snapshot;
    assertEquals(first, snapshot("finetune", 100));
    assertStrictEquals((await reader.read()).snapshot, first);
    await writeSnapshot(run.paths.detections, snapshot("search", 12));
    assertEquals((await reader.read()).snapshot?.note, "search, step 12 of 60");
  }));

Deno.test("photographsOf() takes the photographs out of a report, and nothing from one without", () => {
  const groups = [{ title: "Worst images", pictures: [picture({ title: "one.png" })] }];
  const gallery = { classNames: ["cell"], minScore: 0.4, groups };
  const body = photographsOf(renderReport(input({ gallery })));
  assert(body !== null && body.includes("<svg") && body.includes("one.png") && !body.includes("<section"));
  assertEquals(photographsOf(renderReport(input({}))), null);
});
