/** Signals and lost workers, through the real commands: whatever befalls a job, it ends with the same bytes. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { exists, type JobOutcome, runJob, type RunningJob, withFolder } from "../helpers/job.ts";
import {
  areGone,
  candidateCount,
  candidates,
  coordinatorOf,
  interrupted,
  results,
  workersOf,
} from "../helpers/run_state.ts";

/** Stages long enough to be stopped in; a checkpoint at few steps, so that a stop mostly lands between two. */
const flags = [
  ...["--config", "shapes-tiny", "--threads", "1", "--set", "detector.scoreThreshold=0"],
  ...["pretrain", "finetune"].flatMap((stage) => [
    ...["--set", `${stage}.duration.steps=120`],
    ...["--set", `${stage}.checkpointSteps=15`],
    ...["--set", `${stage}.batchSize=2`],
  ]),
  ...["--set", "finetune.learningRate=0.05", "--set", "search.generations=6"],
];

const ignore = Deno.build.os !== "linux";

/** Sends a signal, and notes who was there. */
class Signal {
  sentAtMs = 0;
  processes: number[] = [];
  readonly #run: string;
  readonly #name: "SIGINT" | "SIGTERM";
  readonly #isToGroup: boolean;

  constructor(run: string, name: "SIGINT" | "SIGTERM", isToGroup: boolean) {
    this.#run = run;
    this.#name = name;
    this.#isToGroup = isToGroup;
  }

  async send({ pid }: RunningJob): Promise<void> {
    const coordinator = await coordinatorOf(this.#run);
    this.processes = [coordinator, ...await workersOf(coordinator)];
    this.sentAtMs = performance.now();
    Deno.kill(this.#isToGroup ? -pid : pid, this.#name);
  }

  /** The job ended as it should: soon, with the signal's code, saying how to go on, and leaving no process. */
  async check({ code, stdout, stderr }: JobOutcome): Promise<void> {
    assertLess(performance.now() - this.sentAtMs, 10_000);
    assertEquals([code, stderr], [this.#name === "SIGINT" ? 130 : 143, ""], stdout);
    const command = `deno task search ${[...flags, "--run", this.#run].join(" ")}`;
    assertEquals(stdout.trimEnd().split("\n").at(-1), `stopped by ${this.#name}; go on with: ${command}`);
    assert(await areGone(this.processes, 2000), `one of ${this.processes} is left`);
  }
}

/** The worker of a training is killed, once, after a checkpoint. */
class LostInTraining {
  #hasHappened = false;
  readonly #run: string;

  constructor(run: string) {
    this.#run = run;
  }

  /** Looks whether it is time; tells whether it has happened. */
  async happen(): Promise<boolean> {
    if (this.#hasHappened) return true;
    if (!await exists(`${this.#run}/finetune/step-45`)) return false;
    this.#hasHappened = true;
    const [worker] = await workersOf(await coordinatorOf(this.#run));
    Deno.kill(worker, "SIGKILL");
    return true;
  }
}

Deno.test({
  name:
    "a job that is stopped by signals and loses workers, typed again each time, ends with the bytes of a quiet one",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const [quiet, stopped] = [`${folder}/quiet`, `${folder}/stopped`];
      const whole = await runJob("search", [...flags, "--run", quiet]);
      assertEquals(whole.code, 0, whole.stderr);

      const loss = new LostInTraining(stopped);
      const stops = [
        // Ctrl-C goes to the whole group, kill to the process that was typed
        [new Signal(stopped, "SIGINT", true), () => exists(`${stopped}/pretrain/step-15`)],
        [new Signal(stopped, "SIGTERM", false), () => exists(`${stopped}/finetune/step-15`)],
        [
          new Signal(stopped, "SIGINT", true),
          async () => await loss.happen() && candidateCount(stopped) >= 3,
        ],
      ] as const;
      const outputs: string[] = [];
      for (const [signal, when] of stops) {
        const job = { command: "search", flags, run: stopped };
        const outcome = await interrupted({ ...job, when, end: (job) => signal.send(job) });
        await signal.check(outcome);
        outputs.push(outcome.stdout);
      }
      const rest = await runJob("search", [...flags, "--run", stopped]);
      assertEquals(rest.code, 0, rest.stderr);
      assertMatch(outputs[1], /pretrain: goes on at step \d+/);
      assertMatch(outputs[2], /finetune: goes on at step \d+/);

      assertStringIncludes(
        outputs[2],
        "finetune: worker 1 is started again: The worker process ended with SIGKILL",
      );

      assertEquals(candidates(stopped), candidates(quiet));
      assertEquals(await results(stopped), await results(quiet));
      await checkLostWorkers(folder, quiet);
    }),
});

/** Two workers score as one does, also where one is killed, or both are stopped so that only their silence tells. */
async function checkLostWorkers(folder: string, quiet: string): Promise<void> {
  for (const [signal, lost] of [["SIGKILL", 1], ["SIGSTOP", 2]] as const) {
    const run = `${folder}/${signal}`;
    let processes: number[] = [];
    const outcome = await interrupted({
      command: "search",
      flags: [...flags, "--supernet", quiet, "--workers", "2"],
      run,
      when: () => candidateCount(run) >= 2,
      end: async () => {
        const coordinator = await coordinatorOf(run);
        const workers = await workersOf(coordinator);
        assertEquals(workers.length, 2);
        processes = [coordinator, ...workers];
        for (const worker of workers.slice(-lost)) Deno.kill(worker, signal);
      },
    });
    assertEquals([outcome.code, outcome.stderr], [0, ""], outcome.stdout);
    const end = signal === "SIGKILL" ? "ended with SIGKILL" : "was ended as it gave no sign of life for 5 s";
    assertStringIncludes(outcome.stdout, `is started again: The worker process ${end}`);
    assertEquals(candidates(run), candidates(quiet), signal);
    assert(await areGone(processes, 2000), `one of ${processes} is left`);
  }
}
