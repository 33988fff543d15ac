/**
 * `deno task retrain`: trains the search's winner, and goes on where it stopped.
 *
 * @module
 */
import { retrain } from "../lib/stages/retrain.ts";
import { sayEnding } from "./ending.ts";
import { openJob } from "./open_job.ts";
import { runTask } from "./run_task.ts";

/** The command. */
export async function main(args: string[]): Promise<void> {
  await using job = await openJob("retrain", args, { needs: ["search"], finishes: ["retrain"] });
  if (job === null) return;

  const { steps } = await retrain(job.context); // the winner alone

  console.log(`retrained the winner for ${steps} steps`);
  await sayEnding(job.context.run, "retrain");
}

if (import.meta.main) await runTask(main);
