/**
 * `deno task tensorboard`: writes TensorBoard's event file from what a run has recorded, finished or not.
 *
 * @module
 */
import { openRun, readRunConfig } from "../lib/run/run_folder.ts";
import { TensorBoardLog } from "../lib/stages/tensorboard_log.ts";
import { resolveConfig } from "./cli.ts";
import { shownPath } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** The command. */
export async function main(args: string[], _stopping: Stopping, output: JobOutput): Promise<void> {
  const invocation = await resolveConfig("tensorboard", args);
  if (invocation.help !== null) return console.log(invocation.help);
  const { config, runDir } = invocation;
  if (await readRunConfig(runDir) === null) {
    throw new RangeError(`Cannot read ${runDir} as there is no run: name one with --run`);
  }
  await using run = await openRun(runDir, config);
  const log = new TensorBoardLog(run);

  await log.update(); // the whole run at once

  output.tell({ event: "wrote", paths: [shownPath(log.dir)] });
  output.tell({ event: "next", commands: [`tensorboard --logdir ${shownPath(log.dir)}`] });
}

if (import.meta.main) await runCommand("tensorboard", main);
