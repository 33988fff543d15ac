/** Who scores a search's candidates on a CPU, and that it makes no difference to them. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import type { WorkerSlot } from "../../lib/workers/worker_slot.ts";
import { scorerCount, scorersOf } from "../../tasks/scorers.ts";
import { runJob, withFolder } from "../helpers/job.ts";
import { candidates } from "../helpers/run_state.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

const gibibyte = 2 ** 30;

function configOf(workers: number, device: { kind: "cpu" | "gpu"; threads: number }, population = 8): Config {
  const search = { ...tinyConfig.search, population, parents: 2, mutants: 1, crossovers: 1 };
  return parseConfig({ ...tinyConfig, workers, device, search }, "test");
}

Deno.test("scorerCount() is one for each thread of the workers, as far as there are candidates and memory", () => {
  const counts = (config: Config): number[] =>
    [100, 2, 0.1].map((available) => scorerCount(config, available * gibibyte));
  assertEquals(counts(configOf(1, { kind: "cpu", threads: 2 })), [2, 2, 1]);
  assertEquals(counts(configOf(2, { kind: "cpu", threads: 3 })), [6, 2, 1]);
  assertEquals(counts(configOf(1, { kind: "cpu", threads: 64 })), [8, 2, 1]);
});

Deno.test("larger canvases and batches leave room for fewer scorers", () => {
  const config = configOf(1, { kind: "cpu", threads: 16 }, 16);
  const large = {
    ...config,
    detector: { ...config.detector, canvases: [[800, 1344]] as [number, number][] },
  };
  const batches = { ...large.search.recalibration, batchSize: 16 };
  const larger = { ...large, search: { ...large.search, recalibration: batches } };
  const [few, fewer] = [large, larger].map((it) => scorerCount(it, 16 * gibibyte));
  assertEquals([scorerCount(config, 16 * gibibyte) > few, few > fewer, fewer >= 1], [true, true, true]);
});

Deno.test("scorersOf() takes the workers themselves where each is one thread or a GPU, or a strategy asks for one candidate at a time", () => {
  const [workers, others] = [[{} as WorkerSlot], [{}, {}] as WorkerSlot[]];
  const scorers = (threads: number, kind: "cpu" | "gpu"): readonly WorkerSlot[] =>
    scorersOf(configOf(1, { kind, threads }), workers, 100 * gibibyte, (index) => others[index]);
  assertEquals([scorers(1, "cpu") === workers, scorers(2, "gpu") === workers], [true, true]);
  const config = configOf(1, { kind: "cpu", threads: 2 });
  for (const strategy of ["ageing", "gradient"] as const) {
    const one = { ...config, search: { ...config.search, strategies: ["random" as const, strategy] } };
    assertEquals(scorersOf(one, workers, 100 * gibibyte, (index) => others[index]) === workers, true);
  }
  assertEquals(scorers(2, "cpu").map((it) => others.indexOf(it)), [0, 1]);
});

Deno.test("a supernet's scores are the same to the bit whatever the workers and threads of the run that searches", () =>
  withFolder(async (folder) => {
    const flags = ["--config", "shapes-tiny", "--set", "retrain.duration.steps=2"];
    const searched = async (run: string, ...own: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runJob("search", [
        ...flags,
        "--run",
        `${folder}/${run}`,
        ...own,
      ]);
      assertEquals([code, stderr], [0, ""]);
      return stdout;
    };
    const told = await searched("two", "--threads", "2", "--set", "detector.scoreThreshold=0");
    assertStringIncludes(told, "search: candidates are scored by 2 processes of one thread\n");
    const from = ["--supernet", `${folder}/two`, "--set", "detector.scoreThreshold=0"];
    await searched("one", ...from, "--threads", "1");
    await searched("three", ...from, "--threads", "3");
    assertEquals(candidates(`${folder}/one`), candidates(`${folder}/two`));
    assertEquals(candidates(`${folder}/three`), candidates(`${folder}/two`));
  }));
