/**
 * What a command says at its end: what is left to know about its result, and what to type next.
 *
 * @module
 */
import { relative } from "node:path";
import { differenceText, readApproximations } from "../lib/run/origin.ts";
import { plannedStages } from "../lib/run/plan.ts";
import type { RunFolder, Stage } from "../lib/run/run_folder.ts";
import type { TrainingResult } from "../lib/stages/run_training.ts";
import type { JobOutput } from "./job_output.ts";
import type { NextCommand } from "./next_command.ts";
import { shellWord } from "./run_task.ts";

/** A result that another run of the same command would not give says so wherever it is handed over. */
export async function sayIfApproximate(
  run: Pick<RunFolder, "dir" | "paths">,
  output: JobOutput,
): Promise<void> {
  const approximations = await readApproximations(run.dir);
  const [first, ...others] = approximations;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  const line = `approximate: ${differenceText(first)}${more}: see ${shownPath(run.paths.approximations)}`;
  output.tell({ event: "result", lines: [line], values: { approximations } });
}

/** Tells the command that follows a finished stage. */
export async function sayEnding(
  run: RunFolder,
  stage: Stage,
  output: JobOutput,
  next: NextCommand,
): Promise<void> {
  await sayIfApproximate(run, output);
  output.tell({ event: "next", commands: nextCommands(run, stage, next) });
}

/**
 * Tells that there is nothing to do, if that is so.
 *
 * @param wanted Stages that a command is to finish; with none there is always something to do.
 * @returns Whether all of them are finished.
 */
export async function sayIfFinished(
  run: RunFolder,
  wanted: readonly Stage[],
  output: JobOutput,
  next: NextCommand,
): Promise<boolean> {
  const finished: { stage: Stage; finishedAt: string; path: string }[] = [];
  for (const stage of wanted) {
    const state = await run.stageState(stage);
    if (state.status !== "finished") return false;
    const path = shownPath(resultPath(run, stage, state.result));
    finished.push({ stage, finishedAt: state.finishedAt, path });
  }
  const last = finished.at(-1);
  if (last === undefined) return false;
  const lines = finished.map(({ stage, finishedAt, path }) =>
    `  ${stage.padEnd(8)}  ${finishedAt.slice(0, 16).replace("T", " ")} UTC  ${path}`
  );
  const title = `Nothing is left to do in ${shownPath(run.dir)}, finished:`;
  output.tell({ event: "result", lines: [title, ...lines], values: { finished } });
  await sayEnding(run, last.stage, output, next);
  return true;
}

/**
 * The file or folder that a finished stage left.
 *
 * @param result What the stage has stored.
 */
export function resultPath(run: RunFolder, stage: Stage, result: unknown): string {
  if (stage === "report") return run.paths.report;
  if (stage === "rank") return run.paths.rank;
  if (stage === "search" || stage === "evaluate") return run.paths.winners;
  return `${run.dir}/${stage}/step-${(result as TrainingResult).steps}`;
}

/** A path as one would type it here: from this folder, where it lies below it. */
export function shownPath(path: string): string {
  const below = relative(Deno.cwd(), path);
  return below === "" || below.startsWith("..") ? path : below;
}

/** What to do with a run all of whose stages are finished: look at it, and take it along. */
export function closingCommands({ dir, paths }: RunFolder): string[] {
  const exporting = ["deno task export --run", shellWord(shownPath(dir)), "--format web"].join(" ");
  return [`open ${shellWord(shownPath(paths.report))}`, exporting];
}

function nextCommands(run: RunFolder, stage: Stage, next: NextCommand): string[] {
  const stages = plannedStages(run.config);
  const following = stages[stages.indexOf(stage) + 1];
  return following === undefined ? closingCommands(run) : [next(following)];
}
