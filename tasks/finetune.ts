/**
 * `deno task finetune`: trains the pre-trained supernet under a detector, and goes on where it stopped.
 *
 * @module
 */
import { finetune } from "../lib/stages/finetune.ts";
import { sayEnding } from "./ending.ts";
import { openJob } from "./open_job.ts";
import { runTask } from "./run_task.ts";

/** The command. */
export async function main(args: string[]): Promise<void> {
  await using job = await openJob("finetune", args, { needs: ["pretrain"], finishes: ["finetune"] });
  if (job === null) return;

  const { steps } = await finetune(job.context); // one path a step, boxes

  console.log(`fine-tuned the supernet for ${steps} steps`);
  await sayEnding(job.context.run, "finetune");
}

if (import.meta.main) await runTask(main);
