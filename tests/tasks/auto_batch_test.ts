import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { isAutoBatch, withStoredBatches } from "../../tasks/auto_batch.ts";
import { runJob, withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

Deno.test("--batch takes auto only, on one machine", () => {
  assertEquals([isAutoBatch(undefined, 2), isAutoBatch("auto", 1)], [false, true]);
  assertThrows(() => isAutoBatch("8", 1), RangeError, "Cannot understand --batch 8: wanted auto");
  assertThrows(() => isAutoBatch("auto", 2), RangeError, "Cannot find batch sizes over 2 machines");
});

Deno.test("withStoredBatches() takes sizes and learning rates of a run and nothing else", () => {
  const stored = {
    ...tinyConfig,
    seed: 99,
    finetune: { ...tinyConfig.finetune, batchSize: 64, learningRate: 5, momentum: 0 },
  };
  const finetune = { ...tinyConfig.finetune, batchSize: 64, learningRate: 5 };
  assertEquals(withStoredBatches(tinyConfig, stored), { ...tinyConfig, finetune });
});

Deno.test("--batch auto measures real steps, keeps what it has found in the run's config, and measures a run once", () =>
  withFolder(async (folder) => {
    const run = `${folder}/run`;
    const sizes = ["pretrainData.imagesPerClass=1", "detectionData.train=4", "detectionData.val=2"];
    const args = ["--config", "shapes-tiny", "--run", run, "--threads", "1", "--batch", "auto"];
    const flags = [...args, ...sizes.flatMap((setting) => ["--set", setting])];
    const first = await runJob("pretrain", flags);
    assertEquals(first.code, 0, first.stderr);
    const config = JSON.parse(await Deno.readTextFile(`${run}/config.json`));
    for (const stage of ["pretrain", "finetune", "retrain"]) {
      const said = new RegExp(
        `\\n${stage}: batch (\\d+): .+; learning rate (\\S+) -> (\\S+), in proportion to batch (\\d+)`,
      );
      assertMatch(first.stdout, said);
      const [size, rate, scaled, before] = said.exec(first.stdout)!.slice(1).map(Number);
      assertEquals([config[stage].batchSize, config[stage].learningRate], [size, scaled]);
      assertEquals(scaled, (rate * size) / before);
    }
    const again = await runJob("pretrain", flags);
    assertEquals(again.code, 0, again.stderr);
    assert(again.stdout.startsWith("Nothing is left to do"), again.stdout);
  }));
