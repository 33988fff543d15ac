import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { exists, runJob, type RunningJob, withFolder } from "../helpers/job.ts";
import {
  areGone,
  candidateCount,
  candidates,
  coordinatorOf,
  interrupted,
  results,
  statusOf,
  workersOf,
} from "../helpers/run_state.ts";

/** More and smaller steps than shapes-tiny's, so that a kill lands inside of a stage; scores that are not all 0. */
const settings = [
  ...["--config", "shapes-tiny", "--threads", "2"],
  ...["pretrain", "finetune", "retrain"].flatMap((stage) => [
    ...[
      "--set",
      `${stage}.duration.steps=24`,
      "--set",
      `${stage}.checkpointSteps=2`,
      "--set",
      `${stage}.batchSize=2`,
    ],
  ]),
  ...["--set", "detector.scoreThreshold=0", "--set", "finetune.learningRate=0.05"],
];

/** Where the job is ended: drawn, the same every time. */
const random = stream(7, "kills");
const killSteps = Object.fromEntries(
  ["pretrain", "finetune", "retrain"].map((stage) => [stage, 2 + 2 * random.integer(6)]),
);
const killCandidates = [2 + random.integer(4), 9 + random.integer(4)]; // once in evolution, once in random search

const killGroup = (job: RunningJob): void => job.kill();

Deno.test({
  name: "a job killed in every stage and gone on with ends with the bytes of one that was not",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const [undisturbed, killed] = [`${folder}/undisturbed`, `${folder}/killed`];
      const whole = await runJob("search", [...settings, "--run", undisturbed]);
      assertEquals(whole.code, 0, whole.stderr);

      const job = { command: "search", flags: settings, run: killed };
      for (const stage of ["pretrain", "finetune", "search", "retrain"]) {
        if (stage !== "search") {
          const checkpoint = `${killed}/${stage}/step-${killSteps[stage]}`;
          const kill = stage === "finetune" ? killCoordinator(killed) : killGroup;
          await interrupted({ ...job, when: () => exists(checkpoint), end: kill });
          assertEquals(await statusOf(killed, stage), "started", stage);
          continue;
        }
        for (const count of killCandidates) {
          await interrupted({ ...job, when: () => candidateCount(killed) >= count, end: killGroup });
          assertEquals(await statusOf(killed, stage), "started", stage);
        }
      }
      const resumed = await runJob("search", [...settings, "--run", killed]);
      assertEquals(resumed.code, 0, resumed.stderr);
      assertStringIncludes(resumed.stdout, "retrain: goes on at step ");
      assertStringIncludes(resumed.stdout, "search: finished ");

      const [wanted, found] = [await results(undisturbed), await results(killed)];
      assertEquals(Object.keys(wanted).filter((name) => name.endsWith(".safetensors")).length, 6);
      assertEquals(found, wanted);
      assertEquals(candidates(killed), candidates(undisturbed));
      const scores = candidates(killed).map(({ score }) => score);
      assert(new Set(scores).size > 2, `scores differ, else this shows little: ${scores}`);
    }),
});

/** Ends the coordinator alone, and waits until its worker has ended by itself. */
function killCoordinator(run: string): (job: RunningJob) => Promise<void> {
  return async () => {
    const coordinator = await coordinatorOf(run);
    const workers = await workersOf(coordinator);
    Deno.kill(coordinator, "SIGKILL");
    assert(await areGone(workers, 2000), "the worker outlived its coordinator by 2 s");
  };
}
