import { assertRejects } from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { openRun } from "../../lib/run/run_folder.ts";
import { checkSupernetRun } from "../../lib/stages/supernet_run.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

/** A run of the tiny config whose supernet is trained. */
function withTrainedRun(test: (dir: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    {
      await using run = await openRun(`${folder}/run`, tinyConfig);
      await run.finishStage("finetune");
    }
    await test(`${folder}/run`);
  });
}

function changed(changes: Partial<Config>): Config {
  return parseConfig({ ...tinyConfig, ...changes }, "test");
}

Deno.test("a finished supernet of the same network can be used, whatever is searched and how it was scored", () =>
  withTrainedRun(async (dir) => {
    await checkSupernetRun(tinyConfig, dir);
    const search = { ...tinyConfig.search, population: 9 };
    const detector = { ...tinyConfig.detector, maxDetections: 7 };
    await checkSupernetRun(changed({ name: "other", seed: 5, search, detector }), dir);
  }));

Deno.test("another network's supernet is refused by the first field that differs", () =>
  withTrainedRun(async (dir) => {
    const refused = (config: Config, message: string): Promise<RangeError> =>
      assertRejects(() => checkSupernetRun(config, dir), RangeError, message);
    await refused(changed({ shuffleMethod: 2 }), "its shuffleMethod is 1, wanted 2");
    const wider = { ...tinyConfig.space, stemChannels: 6 };
    await refused(changed({ space: wider }), "its space.stemChannels is 4, wanted 6");
    const detector = { ...tinyConfig.detector, channels: 8 };
    await refused(changed({ detector }), "its detector.channels is 16, wanted 8");
  }));

Deno.test("a supernet that is not there, or not finished, is refused with what to do", () =>
  withTrainedRun(async (dir) => {
    await assertRejects(
      () => checkSupernetRun(tinyConfig, `${dir}/absent`),
      RangeError,
      "there is no run: supernetRun must name a run folder",
    );
    const retrain = { ...tinyConfig.retrain, initialise: "scratch" as const };
    const search = { ...tinyConfig.search, objective: "classification" as const };
    await assertRejects(
      () => checkSupernetRun(changed({ search, retrain }), dir),
      RangeError,
      `its stage pretrain is not finished: run deno task pretrain --run ${dir} first`,
    );
  }));
