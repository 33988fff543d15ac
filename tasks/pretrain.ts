/**
 * `deno task pretrain`: trains the supernet on images with class labels, and goes on where it stopped.
 *
 * @module
 */
import { pretrain } from "../lib/stages/pretrain.ts";
import { sayEnding } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  await using job = await openJob(
    "pretrain",
    args,
    { needs: null, finishes: ["pretrain"] },
    stopping,
    output,
  );
  if (job === null) return;

  const { steps, top1 } = await pretrain(job.context); // one path a step, image labels

  const accuracy = top1 === undefined ? "" : `; top-1 accuracy ${top1.toFixed(3)} on uniformly sampled paths`;
  const line = `pre-trained the supernet for ${steps} steps${accuracy}`;
  output.tell({ event: "result", lines: [line], values: { steps, top1: top1 ?? null } });
  await sayEnding(job.context.run, "pretrain", output, job.next);
}

if (import.meta.main) await runCommand("pretrain", main);
