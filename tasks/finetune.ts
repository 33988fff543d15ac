/**
 * `deno task finetune`: trains the pre-trained supernet under a detector, and goes on where it stopped.
 *
 * @module
 */
import { finetune } from "../lib/stages/finetune.ts";
import { sayEnding } from "./ending.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping): Promise<void> {
  await using job = await openJob(
    "finetune",
    args,
    { needs: ["pretrain"], finishes: ["finetune"] },
    stopping,
  );
  if (job === null) return;

  const { steps } = await finetune(job.context); // one path a step, boxes

  console.log(`fine-tuned the supernet for ${steps} steps`);
  await sayEnding(job.context.run, "finetune");
}

if (import.meta.main) await runCommand("finetune", main);
