/**
 * `deno task report`: renders `report.html` from what the run has so far, each time it is typed.
 *
 * @module
 */
import { report } from "../lib/stages/report.ts";
import { sayEnding } from "./ending.ts";
import { openJob } from "./open_job.ts";
import { runTask } from "./run_task.ts";

/** The command. */
export async function main(args: string[]): Promise<void> {
  await using job = await openJob("report", args, { needs: [], finishes: [] });
  if (job === null) return;

  await report(job.context);

  await sayEnding(job.context.run, "report");
}

if (import.meta.main) await runTask(main);
