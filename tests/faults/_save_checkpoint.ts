/**
 * A process of its own for `checkpoint_calls_test.ts`: saves a checkpoint of step 2 in a folder, and is killed before the
 * N-th call; says "saved" if there were fewer.
 *
 * @module
 */
import { type Checkpoint, saveCheckpoint } from "../../lib/train/checkpoint.ts";
import { beforeFileCall } from "./file_calls.ts";

/** A checkpoint that differs from step to step. */
export function checkpointOf(step: number): Checkpoint {
  const data = Float32Array.from({ length: 3 }, (_, i) => step + i);
  return {
    step,
    origin: { configHash: "c", seed: 1, threads: 1, versions: {} },
    files: { network: new Map([["x", { dtype: "F32", shape: [3], data }]]) },
    metadata: {},
  };
}

if (import.meta.main) {
  const [dir, call] = Deno.args;
  beforeFileCall(dir, Number(call), () => Deno.kill(Deno.pid, "SIGKILL"));
  await saveCheckpoint(dir, checkpointOf(2), { keep: 1 });
  console.log("saved");
}
