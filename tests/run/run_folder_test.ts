import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { openRun, readRunConfig, runPaths } from "../../lib/run/run_folder.ts";
import { readApproximations } from "../../lib/run/origin.ts";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";

const config: Config = parseConfig({ ...shapesTiny, device: { kind: "cpu", threads: 2 } }, "shapes-tiny");

async function withFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}

Deno.test("openRun() creates a folder with the resolved config, once", () =>
  withFolder(async (parent) => {
    const dir = `${parent}/runs/tiny`;
    assertEquals(await readRunConfig(dir), null);
    await (await openRun(dir, config))[Symbol.asyncDispose]();
    assertEquals(await readRunConfig(dir), config);
    const written = (await Deno.stat(runPaths(dir).config)).mtime;
    await (await openRun(dir, { ...config, workers: 2 }))[Symbol.asyncDispose]();
    assertEquals((await Deno.stat(runPaths(dir).config)).mtime, written);
    assertEquals(await names(dir), ["config.json", "run.lock", "sessions.jsonl"]);
  }));

Deno.test("openRun() records workers and threads of each opening beside the config", () =>
  withFolder(async (dir) => {
    for (const threads of [2, 1]) {
      await using run = await openRun(dir, { ...config, device: { kind: "cpu", threads, kernels: "auto" } });
      assertEquals(run.config.device.threads, threads);
    }
    const lines = (await Deno.readTextFile(runPaths(dir).sessions)).trimEnd().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line).threads), [2, 1]);
  }));

Deno.test("openRun() refuses the folder of another config and names the fields with both values", () =>
  withFolder(async (dir) => {
    await (await openRun(dir, config))[Symbol.asyncDispose]();
    const other = {
      ...config,
      seed: 9,
      search: { ...config.search, population: 8, generations: 3, seeds: 2 },
    };
    const { message } = await assertRejects(() => openRun(dir, other), RangeError);
    assertStringIncludes(message, `Cannot go on with run folder ${dir} as it was made with another config: `);
    assertStringIncludes(message, "seed was 1 and is now 9; search.population was 4 and is now 8; ");
    assertStringIncludes(
      message,
      "search.generations was 2 and is now 3; and 1 more; name another folder with --run",
    );
    await (await openRun(dir, config))[Symbol.asyncDispose](); // the refused opening let go of the lock
  }));

Deno.test("openRun(), told to be approximate, takes over the folder of another config and records what it was", () =>
  withFolder(async (dir) => {
    await (await openRun(dir, config))[Symbol.asyncDispose]();
    const other = { ...config, seed: 9, search: { ...config.search, population: 8 } };
    await (await openRun(dir, other, true))[Symbol.asyncDispose]();
    await (await openRun(dir, other))[Symbol.asyncDispose](); // is now that config's
    assertEquals(await readRunConfig(dir), other);
    assertEquals(await readApproximations(dir), [
      { checkpoint: "config.json", field: "seed", was: "1", is: "9" },
      { checkpoint: "config.json", field: "search.population", was: "4", is: "8" },
    ]);
  }));

Deno.test("openRun() goes on with another network under no circumstances", () =>
  withFolder(async (dir) => {
    await (await openRun(dir, config))[Symbol.asyncDispose]();
    const message = "shuffleMethod was 1 and is now 2; name another folder with --run";
    const { message: found } = await assertRejects(
      () => openRun(dir, { ...config, shuffleMethod: 2 }, true),
      RangeError,
    );
    assertStringIncludes(found, message);
    assertEquals(found.endsWith(message), true);
    assertEquals(await readRunConfig(dir), config);
    assertEquals(await readApproximations(dir), []);
  }));

Deno.test("openRun() refuses a folder that another opening holds, and has it once that is disposed", () =>
  withFolder(async (dir) => {
    {
      await using _run = await openRun(dir, config);
      const message = `Cannot use run folder ${dir} as process ${Deno.pid} is using it`;
      await assertRejects(() => openRun(dir, config), Error, message);
    }
    await (await openRun(dir, config))[Symbol.asyncDispose]();
  }));

Deno.test("a run that is disposed can be opened while another thread starts processes", () =>
  withFolder(async (dir) => {
    const thread = new Worker(new URL("_starts_processes.ts", import.meta.url), { type: "module" });
    await new Promise((started) => thread.addEventListener("message", started, { once: true }));
    try {
      for (let i = 0; i < 100; i++) await (await openRun(dir, config))[Symbol.asyncDispose]();
    } finally {
      thread.terminate();
    }
  }));

Deno.test("openRun() refuses a folder of other files and leaves it as it was", () =>
  withFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/letter.txt`, "");
    await assertRejects(() => openRun(dir, config), Error, "it holds other files (such as letter.txt)");
    assertEquals(await names(dir), ["letter.txt"]);
  }));

Deno.test("openRun() and readRunConfig() name a config.json that can't be read", () =>
  withFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/config.json`, "{");
    await assertRejects(() => readRunConfig(dir), SyntaxError, `Cannot read ${dir}/config.json: `);
    await Deno.writeTextFile(`${dir}/config.json`, JSON.stringify({ ...config, sed: 1 }));
    await assertRejects(
      () => openRun(dir, config),
      TypeError,
      `Cannot read ${dir}/config.json: sed is no known field`,
    );
  }));

Deno.test("openRun() removes what an earlier process was writing", () =>
  withFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/winners.json.1a2b3c4d.tmp`, "[");
    await Deno.writeTextFile(`${dir}/metrics.jsonl`, '{"stage":"pretrain","step":1}\n{"stage":"pre');
    await Deno.writeTextFile(`${dir}/config.json`, JSON.stringify(config));
    await using run = await openRun(dir, config);
    assertEquals(await names(dir), ["config.json", "metrics.jsonl", "run.lock", "sessions.jsonl"]);
    assertEquals(await run.metrics.read(), [{ stage: "pretrain", step: 1 }]);
  }));

Deno.test("RunFolder keeps each stage's state and result over openings", () =>
  withFolder(async (dir) => {
    {
      await using run = await openRun(dir, config);
      assertEquals(await run.stageState("pretrain"), { status: "new" });
      await run.startStage("pretrain");
      await run.finishStage("pretrain", { accuracy: 0.5 });
      await run.startStage("finetune");
    }
    await using run = await openRun(dir, config);
    const state = await run.stageState("pretrain");
    assertEquals(state.status === "finished" && state.result, { accuracy: 0.5 });
    const started = await run.stageState("finetune");
    await run.startStage("finetune");
    assertEquals(await run.stageState("finetune"), started);
    assertEquals([started.status, (await run.stageState("search")).status], ["started", "new"]);
  }));

Deno.test("RunFolder.writeJson() writes the winners where their path says", () =>
  withFolder(async (dir) => {
    await using run = await openRun(dir, config);
    assertEquals(await run.writeJson("winners.json", [{ score: 0.25 }]), run.paths.winners);
    assertEquals(JSON.parse(await Deno.readTextFile(run.paths.winners)), [{ score: 0.25 }]);
    assertEquals(await run.stageDir("retrain"), `${dir}/retrain`);
    assertEquals((await Deno.stat(`${dir}/retrain`)).isDirectory, true);
  }));

Deno.test("a run folder that is a file, or can't be written, is named", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const dir of [`${folder}/file`, `${folder}/file/run`]) {
      const message = `Cannot open run folder ${dir}: it lies in a file or is one, wanted a folder`;
      await assertRejects(() => readRunConfig(dir), TypeError, message);
    }
    await Deno.mkdir(`${folder}/locked/run.lock`, { recursive: true }); // nothing can be written there
    const dir = `${folder}/locked`;
    await assertRejects(() => openRun(dir, config), Error, `Cannot write ${dir}/run.lock: `);
  }));
