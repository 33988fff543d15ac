/** Whole trainings by several workers: what is left of them does not depend on whether they were interrupted. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { loadNewestCheckpoint } from "../../lib/train/checkpoint.ts";
import type { TensorMap } from "../../lib/train/safetensors.ts";
import { assertClose } from "../helpers/close.ts";
import { measureAll } from "../helpers/measure_all.ts";
import { useEngine } from "../helpers/engine.ts";
import { digests, filesBelow, withFolder } from "../helpers/job.ts";
import { runGroup } from "../helpers/worker_group.ts";
import { openTinySession, sessionSteps } from "./_session_worker.ts";

const engine = await useEngine();
const program = new URL("_session_worker.ts", import.meta.url);

/** Runs two workers to their end, or until one is killed before a step. */
async function train(
  training: string,
  dir: string,
  killed?: { rank: number; step: number },
): Promise<string[]> {
  const fault = killed === undefined ? ["none", "none"] : [String(killed.rank), String(killed.step)];
  const lost = killed === undefined ? [] : [killed.rank];
  const args = [training, dir, ...fault];
  const ends = await runGroup({ program, args, workers: 2, lost, timeoutMs: 90_000 });
  for (const [rank, { code, log }] of ends.entries()) {
    if (killed === undefined) assertEquals(code, 0, log);
    else if (rank !== killed.rank) assertNotEquals(code, 0, log);
  }
  return ends.map(({ log }) => /losses (.*)/.exec(log)?.[1] ?? "none");
}

for (
  const { training, killed } of [
    { training: "pretrain", killed: { rank: 1, step: 3 } },
    { training: "finetune", killed: { rank: 0, step: 5 } },
  ]
) {
  Deno.test(`${training} on two workers, of which worker ${killed.rank} is killed, goes on to the same bytes`, () =>
    withFolder(async (folder) => {
      const [quiet, disturbed] = [`${folder}/quiet`, `${folder}/disturbed`];
      for (const dir of [quiet, disturbed]) await Deno.mkdir(dir);

      const losses = await train(training, quiet);
      assertEquals(losses[0], losses[1]);
      assertEquals(losses[0].split(",").length, sessionSteps);

      await train(training, disturbed, killed);
      await train(training, disturbed);
      assertEquals(digests(await filesBelow(disturbed)), digests(await filesBelow(quiet)));
    }));
}

/** The newest checkpoint's network, whoever made it. */
async function networkIn(dir: string): Promise<TensorMap> {
  const origin = { configHash: "c0", seed: 1, threads: 1, versions: {} };
  return (await loadNewestCheckpoint(dir, { origin, approximate: true }))!.files.network;
}

Deno.test("statistics that two workers measure together are those that one measures", () =>
  withFolder(async (folder) => {
    await train("finetune", folder);
    const byTwo = await networkIn(folder);
    {
      using session = await openTinySession(engine, "finetune", folder, true);
      await measureAll(session);
      await session.save();
    }
    const byOne = await networkIn(folder);
    const tolerance = { relative: 1e-3, absolute: 1e-4 };
    for (const [name, { data }] of byTwo) {
      assertClose(byOne.get(name)!.data as Float32Array, data as Float32Array, name, tolerance);
    }
  }));
