/**
 * `deno task evaluate`: measures the retrained winner on the test split, each time it is typed; with `--annotations`
 * and `--detections`, any detector's results.
 *
 * @module
 */
import { evaluateAgain } from "../lib/stages/evaluate.ts";
import type { EvaluationReport } from "../lib/workers/worker_api.ts";
import { sayEnding } from "./ending.ts";
import { evaluateFiles, isAboutFiles } from "./evaluate_files.ts";
import type { JobOutput } from "./job_output.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  if (isAboutFiles(args)) return await evaluateFiles(args);

  await using job = await openJob(
    "evaluate",
    args,
    { needs: ["search", "retrain"], finishes: [] },
    stopping,
    output,
  );
  if (job === null) return;

  const evaluation = await evaluateAgain(job.context); // on images that nothing before has seen

  output.tell({ event: "result", lines: evaluationLines(evaluation), values: { ...evaluation } });
  await sayEnding(job.context.run, "evaluate", output, job.next);
}

/** COCO's twelve numbers and the AP of each class, for a terminal; a dash stands where there is nothing to measure. */
export function evaluationLines({ images, summary, perClass }: EvaluationReport): string[] {
  const width = Math.max("class".length, ...Object.keys(perClass).map((name) => name.length));
  return [
    `${images} images of the test split:`,
    ...Object.entries(summary).map(([name, value]) => `  ${name.padEnd(5)}  ${cell(value)}`),
    "",
    `  ${"class".padEnd(width)}  ${"AP".padStart(6)}  ${"AP50".padStart(6)}`,
    ...Object.entries(perClass).map(([name, { AP, AP50 }]) =>
      `  ${name.padEnd(width)}  ${cell(AP)}  ${cell(AP50)}`
    ),
    "",
  ];
}

/** COCO writes -1 where there is no ground truth. */
function cell(value: number): string {
  return (value < 0 ? "-" : value.toFixed(4)).padStart(6);
}

if (import.meta.main) await runCommand("evaluate", main);
