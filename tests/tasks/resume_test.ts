import { assert, assertEquals, assertStringIncludes, fail } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { stream } from "../../lib/base/random.ts";
import {
  digests,
  exists,
  filesBelow,
  runJob,
  type RunningJob,
  startJob,
  withFolder,
} from "../helpers/job.ts";

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

/** Far more than a job takes: a test that hangs is to fail. */
const deadlineMs = 120_000;

/** Runs the job until a condition, looked at whenever a file of the run changes, and kills it there. */
async function killWhen(
  run: string,
  condition: () => boolean | Promise<boolean>,
  kill: (job: RunningJob) => void | Promise<void>,
): Promise<void> {
  await Deno.mkdir(run, { recursive: true });
  using watcher = Deno.watchFs(run);
  const job = startJob("search", [...settings, "--run", run]);
  const deadline = setTimeout(() => job.kill(), deadlineMs);
  const ended = job.outcome.then(({ code, stdout, stderr }) => {
    clearTimeout(deadline);
    if (code === 0) watcher.close(); // it got by the point
    return { stdout, stderr, code };
  });
  let isKilled = false;
  for await (const _event of watcher) {
    if (!await condition()) continue;
    isKilled = true;
    await kill(job);
    break;
  }
  const { code, stdout, stderr } = await ended;
  assert(isKilled && code !== 0, `the job was not stopped: exit code ${code}\n${stdout}\n${stderr}`);
}

function candidateCount(run: string): number {
  try {
    using database = new DatabaseSync(`${run}/search.sqlite`, { readOnly: true });
    return Number(database.prepare("SELECT count(*) AS count FROM candidates").get()!.count);
  } catch {
    return 0; // not there, or no table in it yet
  }
}

/** Every candidate, less how long it took. */
function candidates(run: string): unknown[] {
  using database = new DatabaseSync(`${run}/search.sqlite`, { readOnly: true });
  return database.prepare("SELECT * FROM candidates ORDER BY strategy, generation, slot").all()
    .map(({ elapsedMs: _elapsedMs, ...rest }) => ({ ...rest }));
}

async function statusOf(run: string, stage: string): Promise<string> {
  return JSON.parse(await Deno.readTextFile(`${run}/stages.json`))[stage]?.status ?? "new";
}

/** Checkpoints and winners: what must not depend on whether the job was stopped. */
async function results(run: string): Promise<Record<string, string>> {
  const files = await filesBelow(run);
  return digests(new Map([...files].filter(([name]) => name.includes("/step-") || name === "winners.json")));
}

const killGroup = (job: RunningJob): void => job.kill();

Deno.test({
  name: "a job killed in every stage and gone on with ends with the bytes of one that was not",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const [undisturbed, killed] = [`${folder}/undisturbed`, `${folder}/killed`];
      const whole = await runJob("search", [...settings, "--run", undisturbed]);
      assertEquals(whole.code, 0, whole.stderr);

      for (const stage of ["pretrain", "finetune", "search", "retrain"]) {
        if (stage !== "search") {
          const checkpoint = `${killed}/${stage}/step-${killSteps[stage]}`;
          const kill = stage === "finetune" ? killCoordinator(killed) : killGroup;
          await killWhen(killed, () => exists(checkpoint), kill);
          assertEquals(await statusOf(killed, stage), "started", stage);
          continue;
        }
        for (const count of killCandidates) {
          await killWhen(killed, () => candidateCount(killed) >= count, killGroup);
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
      const scores = candidates(killed).map((row) => (row as { score: number }).score);
      assert(new Set(scores).size > 2, `scores differ, else this shows little: ${scores}`);
    }),
});

/** Ends the coordinator alone, and waits until its worker has ended by itself. */
function killCoordinator(run: string): (job: RunningJob) => Promise<void> {
  return async () => {
    const coordinator = Number(await Deno.readTextFile(`${run}/run.lock`));
    const worker = await childOf(coordinator);
    Deno.kill(coordinator, "SIGKILL");
    const wait = new Deno.Command("tail", {
      args: ["--pid", String(worker), "-f", "/dev/null"],
      signal: AbortSignal.timeout(20_000),
    });
    const { success } = await wait.output();
    assert(success, "the worker outlived its coordinator by 20 s");
  };
}

/** The one child of a process that runs tasks/worker.ts. */
async function childOf(parent: number): Promise<number> {
  const children = (await shell(`cat /proc/${parent}/task/*/children`)).trim().split(/\s+/);
  for (const child of children) {
    if ((await shell(`cat /proc/${child}/cmdline`)).includes("tasks/worker.ts")) return Number(child);
  }
  return fail(`Cannot find the worker of process ${parent} among ${children}`);
}

/** Deno itself reads nothing in /proc short of --allow-all. */
async function shell(command: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
