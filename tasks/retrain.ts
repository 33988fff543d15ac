/**
 * `deno task retrain`: trains the search's winner, and goes on where it stopped.
 *
 * @module
 */
import { retrain } from "../lib/stages/retrain.ts";
import { sayEnding } from "./ending.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping): Promise<void> {
  await using job = await openJob("retrain", args, { needs: ["search"], finishes: ["retrain"] }, stopping);
  if (job === null) return;

  const { steps } = await retrain(job.context); // the winner alone

  console.log(`retrained the winner for ${steps} steps`);
  await sayEnding(job.context.run, "retrain");
}

if (import.meta.main) await runCommand("retrain", main);
