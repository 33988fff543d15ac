/**
 * `deno task retrain`: trains the search's winner, and goes on where it stopped.
 *
 * @module
 */
import { retrain } from "../lib/stages/retrain.ts";
import { sayEnding } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  await using job = await openJob(
    "retrain",
    args,
    { needs: ["search"], finishes: ["retrain"] },
    stopping,
    output,
  );
  if (job === null) return;

  const { steps, finalLoss } = await retrain(job.context); // the winner alone

  const line = `retrained the winner for ${steps} steps`;
  output.tell({ event: "result", lines: [line], values: { steps, finalLoss } });
  await sayEnding(job.context.run, "retrain", output, job.next);
}

if (import.meta.main) await runCommand("retrain", main);
