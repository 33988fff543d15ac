/**
 * `deno task search`: the whole job, from two data sets to a retrained, evaluated detector and its report. Each
 * finished stage is skipped, each broken one goes on where it stopped.
 *
 * @module
 */
import { formatArchitecture } from "../lib/space/architecture.ts";
import { isPlanned } from "../lib/run/plan.ts";
import { evaluate } from "../lib/stages/evaluate.ts";
import { finetune } from "../lib/stages/finetune.ts";
import { pretrain } from "../lib/stages/pretrain.ts";
import { report } from "../lib/stages/report.ts";
import { retrain } from "../lib/stages/retrain.ts";
import { search } from "../lib/stages/search.ts";
import { winnersOf } from "../lib/stages/trained_architecture.ts";
import { closingCommands, sayIfApproximate, shownPath } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  await using job = await openJob("search", args, { needs: null, finishes: null }, stopping, output);
  if (job === null) return;
  const { context } = job;
  const { run } = context;

  if (isPlanned(run.config, "pretrain")) await pretrain(context); // one path a step, image labels
  if (isPlanned(run.config, "finetune")) await finetune(context); // one path a step, boxes
  if (isPlanned(run.config, "search")) await search(context); //     every strategy's every score kept
  await retrain(context); //               one architecture alone
  const { summary } = await evaluate(context); // on images that nothing before has seen
  const page = await report(context);

  const [winner] = await winnersOf(context);
  const name = formatArchitecture(run.config.space, winner.choices);
  const lines = [
    `${run.config.architecture ?? "winner"} ${name}, ${(winner.macs / 1e6).toFixed(1)}M macs`,
    `retrained: AP ${summary.AP.toFixed(3)}, AP50 ${summary.AP50.toFixed(3)} on the test split`,
  ];
  output.tell({ event: "result", lines, values: { winner, summary } });
  output.tell({ event: "wrote", paths: [run.paths.winners, page].map(shownPath) });
  await sayIfApproximate(run, output);
  output.tell({ event: "next", commands: closingCommands(run) });
}

if (import.meta.main) await runCommand("search", main);
