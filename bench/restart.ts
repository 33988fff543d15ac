/**
 * How long a stopped training takes to get on: the command is stopped after its first checkpoint and typed again.
 * `deno run … bench/restart.ts TIMES [FLAGS…]`, e.g. `3 --config shapes`, prints a JSON line each time:
 * `{ firstStepMs }`, from the command's start to the first new step in the learning curve.
 *
 * @module
 */
const [times, ...flags] = Deno.args;
if (!(Number(times) > 0)) {
  console.error("usage: restart.ts TIMES [FLAGS...]");
  Deno.exit(1);
}
const run = await Deno.makeTempDir({ dir: ".", prefix: "bench_restart_" });
try {
  await untilSteps(1); // a new run, with its downloads and its index
  for (let i = 0; i < Number(times); i++) {
    console.log(JSON.stringify({ firstStepMs: Math.round(await untilSteps(1)) }));
  }
} finally {
  await Deno.remove(run, { recursive: true });
}

/** Runs the command until it has made more steps, stops it, and gives the time until then. */
async function untilSteps(more: number): Promise<number> {
  const before = await steps();
  using watcher = Deno.watchFs(run);
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "pretrain", ...flags, "--run", run],
    stdin: "null",
    stdout: "null",
  }).spawn();
  for await (const _event of watcher) if (await steps() >= before + more) break;
  const elapsedMs = performance.now() - start;
  child.kill("SIGINT"); // leaves a checkpoint of the last step
  await child.status;
  return elapsedMs;
}

/** Steps in the learning curve. */
async function steps(): Promise<number> {
  const text = await Deno.readTextFile(`${run}/metrics.jsonl`).catch(() => "");
  return text.split("\n").length - 1;
}
