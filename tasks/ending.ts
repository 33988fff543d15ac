/**
 * What a command says at its end: the file that was written and what to type next.
 *
 * @module
 */
import { differenceText, readApproximations } from "../lib/run/origin.ts";
import { plannedStages } from "../lib/run/plan.ts";
import type { RunFolder, Stage } from "../lib/run/run_folder.ts";
import type { TrainingResult } from "../lib/stages/run_training.ts";

/** Prints where a finished stage's result lies and the next command. */
export async function sayEnding(run: RunFolder, stage: Stage): Promise<void> {
  console.log(`wrote ${await resultPath(run, stage)}`);
  await sayIfApproximate(run);
  console.log(`next: ${nextCommand(run, stage)}`);
}

/** A result that another run of the same command would not give says so wherever it is handed over. */
export async function sayIfApproximate(run: Pick<RunFolder, "dir" | "paths">): Promise<void> {
  const [first, ...others] = await readApproximations(run.dir);
  if (first === undefined) return;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  console.log(`approximate: ${differenceText(first)}${more}: see ${run.paths.approximations}`);
}

/**
 * Prints that there is nothing to do, if that is so.
 *
 * @param wanted Stages that a command is to finish; with none there is always something to do.
 * @returns Whether all of them are finished.
 */
export async function sayIfFinished(run: RunFolder, wanted: readonly Stage[]): Promise<boolean> {
  const lines: string[] = [];
  for (const stage of wanted) {
    const state = await run.stageState(stage);
    if (state.status !== "finished") return false;
    const time = state.finishedAt.slice(0, 16).replace("T", " ");
    lines.push(`  ${stage.padEnd(8)}  ${time} UTC  ${await resultPath(run, stage)}`);
  }
  if (lines.length === 0) return false;
  console.log(`Nothing is left to do in ${run.dir}, finished:`);
  for (const line of lines) console.log(line);
  await sayIfApproximate(run);
  console.log(`next: ${nextCommand(run, wanted[wanted.length - 1])}`);
  return true;
}

/** The file or folder that a finished stage left. */
export async function resultPath(run: RunFolder, stage: Stage): Promise<string> {
  if (stage === "report") return run.paths.report;
  if (stage === "rank") return run.paths.rank;
  if (stage === "search" || stage === "evaluate") return run.paths.winners;
  const state = await run.stageState(stage);
  if (state.status !== "finished") return `${run.dir}/${stage}`;
  return `${run.dir}/${stage}/step-${(state.result as TrainingResult).steps}`;
}

function nextCommand(run: RunFolder, stage: Stage): string {
  const stages = plannedStages(run.config);
  const next = stages[stages.indexOf(stage) + 1];
  return next === undefined ? `open ${run.paths.report}` : `deno task ${next} --run ${run.dir}`;
}
