/**
 * `deno task finetune`: trains the pre-trained supernet under a detector, and goes on where it stopped.
 *
 * @module
 */
import { finetune } from "../lib/stages/finetune.ts";
import { sayEnding } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  await using job = await openJob(
    "finetune",
    args,
    { needs: ["pretrain"], finishes: ["finetune"] },
    stopping,
    output,
  );
  if (job === null) return;

  const { steps, finalLoss } = await finetune(job.context); // one path a step, boxes

  const line = `fine-tuned the supernet for ${steps} steps`;
  output.tell({ event: "result", lines: [line], values: { steps, finalLoss } });
  await sayEnding(job.context.run, "finetune", output, job.next);
}

if (import.meta.main) await runCommand("finetune", main);
