/** Several workers that train together, through the real commands: on one machine, and one on each of several. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists, type JobOutcome, withFolder } from "../helpers/job.ts";
import { openMachines } from "../helpers/machines.ts";
import { areGone, candidates, interrupted, results, shell } from "../helpers/run_state.ts";
import type { Place } from "../helpers/worker_group.ts";

const flags = [
  ...["--config", "shapes-tiny", "--threads", "1"],
  ...["--set", "retrain.duration.steps=4", "--set", "search.population=3", "--set", "search.generations=1"],
  ...["--set", "detector.scoreThreshold=0", "--set", "finetune.learningRate=0.05"],
];

const machines = await openMachines(2);

/** Starts a search on a machine. */
function startOn(
  { prefix }: Place,
  run: string,
  tfConfig: string,
): { readonly output: Promise<JobOutcome>; readonly pid: number } {
  const [command, ...args] = [
    ...prefix,
    Deno.execPath(),
    ...["task", "--quiet", "search", ...flags, "--open-ports", "--run", run],
  ];
  const child = new Deno.Command(command, {
    args,
    env: { NO_COLOR: "1", TF_CONFIG: tfConfig },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const output = child.output().then(({ code, stdout, stderr }) => ({
    code,
    stdout: text(stdout),
    stderr: text(stderr),
  }));
  return { output, pid: child.pid };
}

/** The worker process of a rank in a run, by its command line; the shell's own is like the pattern, but does not match it. */
async function workerOf(run: string, rank: number): Promise<number> {
  const pids = (await shell(`pgrep --full -- '[a]llow-write=${run} .*"rank":${rank},'`)).trim().split("\n");
  assertEquals(pids.length, 1, `processes of rank ${rank}: ${pids}`);
  return Number(pids[0]);
}

/** Workers listen in their own network, and there alone. */
async function checkPorts(run: string): Promise<void> {
  const own = await listening(await workerOf(run, 0));
  assertEquals(own.filter((port) => [20_000, 20_001].includes(port)), [20_000, 20_001]);
  const reachable = await listening(Deno.pid);
  assertEquals(reachable.filter((port) => own.includes(port)), []);
}

/** TCP ports that somebody listens on in a process's network. */
async function listening(pid: number): Promise<number[]> {
  const lists = await shell(`cat /proc/${pid}/net/tcp /proc/${pid}/net/tcp6`);
  const ports = lists.matchAll(/: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:0000 0A /g);
  return [...new Set(Array.from(ports, ([, port]) => parseInt(port, 16)))].sort();
}

Deno.test({
  name:
    "two machines, of which one loses its worker, end with the bytes of two workers on one machine that nothing befell",
  ignore: machines === null,
  // The machines are there before the test: whether it can run depends on them.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withFolder(async (folder) => {
      const [workers, spread] = [`${folder}/workers`, `${folder}/spread`];
      const whole = await interrupted({
        command: "search",
        flags: [...flags, "--workers", "2"],
        run: workers,
        when: () => exists(`${workers}/pretrain/step-4`), // early, as the workers end when the search begins
        end: () => checkPorts(workers),
      });
      assertEquals([whole.code, whole.stderr], [0, ""], whole.stdout);

      await Deno.mkdir(spread);
      const watcher = Deno.watchFs(spread);
      const worker = machines!.places.map(({ address }) => address);
      const jobs = machines!.places.map((place, index) =>
        startOn(place, spread, JSON.stringify({ cluster: { worker }, task: { type: "worker", index } }))
      );
      let lost = 0;
      const isOver = Promise.race(jobs.map(({ output }) => output)).then(() => lost === 0 && watcher.close());
      for await (const _event of watcher) {
        if (!await exists(`${spread}/finetune/step-8`)) continue; // now training is well under way
        lost = await workerOf(spread, 1);
        assert(lost > 0, "the second machine has no worker");
        Deno.kill(lost, "SIGKILL");
        break;
      }
      await isOver;
      const [first, second] = await Promise.all(jobs.map(({ output }) => output));
      assertEquals([first.code, first.stderr, second.code, second.stderr], [0, "", 0, ""], first.stdout);
      assertStringIncludes(first.stdout, "1 threads, 2 machines, blocks by fused ");
      assertStringIncludes(
        first.stdout,
        "finetune: the group of workers is started again: Another worker is lost",
      );
      assertStringIncludes(second.stdout, "joins the others again: The worker process ended with SIGKILL");
      assert(second.stdout.endsWith("The first machine has no more to do\n"), second.stdout);
      assert(await areGone([lost, ...jobs.map(({ pid }) => pid)], 2000));

      assertEquals(candidates(spread), candidates(workers));
      assertEquals(await results(spread), await results(workers));
      await machines![Symbol.asyncDispose]();
    }),
});
