/**
 * `deno task search`: the whole job, from two data sets to a retrained, evaluated detector and its report. Each
 * finished stage is skipped, each broken one goes on where it stopped.
 *
 * @module
 */
import { formatArchitecture } from "../lib/space/architecture.ts";
import { evaluate } from "../lib/stages/evaluate.ts";
import { finetune } from "../lib/stages/finetune.ts";
import { pretrain } from "../lib/stages/pretrain.ts";
import { report } from "../lib/stages/report.ts";
import { retrain } from "../lib/stages/retrain.ts";
import { search } from "../lib/stages/search.ts";
import { stages } from "./ending.ts";
import { openJob } from "./open_job.ts";
import { runTask } from "./run_task.ts";

/** The command. */
export async function main(args: string[]): Promise<void> {
  await using job = await openJob("search", args, { needs: null, finishes: stages });
  if (job === null) return;
  const { context } = job;
  const { run } = context;

  await pretrain(context); //              one path a step, image labels
  await finetune(context); //              one path a step, boxes
  const { winners } = await search(context); // evolution beside random; every score kept
  await retrain(context); //               the winner alone
  const { summary } = await evaluate(context); // on images that nothing before has seen
  const page = await report(context);

  const [winner] = winners;
  const name = formatArchitecture(run.config.space, winner.choices);
  console.log(`winner ${name}, ${(winner.macs / 1e6).toFixed(1)}M macs`);
  console.log(`retrained: AP ${summary.AP.toFixed(3)}, AP50 ${summary.AP50.toFixed(3)} on the test split`);
  console.log(`wrote ${run.paths.winners} and ${page}`);
  console.log(`next: open ${page}; deno task evaluate --run ${run.dir}`);
}

if (import.meta.main) await runTask(main);
