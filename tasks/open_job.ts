/**
 * What every command does first: read the flags, open the run, check the data, start the worker.
 *
 * @module
 */
import { ensureLibrary } from "../lib/engine/library.ts";
import { openRun } from "../lib/run/run_folder.ts";
import type { StageContext, StageProgress } from "../lib/stages/stage_context.ts";
import { openClassificationData, openDetectionData } from "../lib/train/datasets.ts";
import { startWorker } from "../lib/workers/worker_process.ts";
import { resolveConfig } from "./cli.ts";
import type { Command } from "./commands.ts";
import { progressLine } from "./engine.ts";
import { ProgressLine } from "./progress.ts";

/** A run with all that its stages need; dispose it at the end. */
export interface Job extends AsyncDisposable {
  readonly context: StageContext;
}

/**
 * Opens a command's run.
 *
 * @param command Whose flags they are.
 * @param args The flags.
 * @returns The job, or null if only help was asked for (and shown).
 * @throws What the user should read: a wrong flag, a wrong config, data that can't be used, no engine.
 */
export async function openJob(command: Command, args: string[]): Promise<Job | null> {
  // Flags and config
  const invocation = await resolveConfig(command, args);
  if (invocation.help !== null) {
    console.log(invocation.help);
    return null;
  }
  const { config, runDir, allowOtherOrigin } = invocation;

  // Data: annotations now, images by the worker; nothing is trained on data that is not all there
  const detection = await openDetectionData(config);
  await openClassificationData(config);

  // Engine
  const fetching = progressLine();
  const library = await ensureLibrary({ device: config.device.kind, onProgress: fetching.show });
  fetching.end();

  // Run folder and worker
  await using resources = new AsyncDisposableStack();
  const run = resources.use(await openRun(runDir, config));
  const worker = resources.use(startWorker({
    entry: new URL("./worker.ts", import.meta.url),
    libraryPath: library.path,
    libraryFolders: library.libraryFolders,
    device: config.device.kind,
    threads: config.device.threads,
    runDir,
  }));
  const { tensorflow, deviceName, threads } = await worker.call((api) => api.device());
  console.log(`TensorFlow ${tensorflow} on ${deviceName.replace(/^.*device:/, "")}, ${threads} threads; run ${runDir}`);
  for (const note of detection.notes) console.log(note);
  if (detection.skipped.length > 0) {
    console.log(`${detection.skipped.length} annotations are skipped:`);
    for (const { file, reason } of detection.skipped.slice(0, 10)) console.log(`  ${file}: ${reason}`);
  }
  await worker.call((api) => api.checkImages(config));

  const observer = resources.use(new ConsoleObserver());
  const held = resources.move();
  return {
    context: { run, worker, observer, allowOtherOrigin },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Shows progress on the terminal, one line a piece of work. */
class ConsoleObserver implements Disposable {
  #label = "";
  #line: ProgressLine | null = null;

  progress({ label, unit, ...update }: StageProgress): void {
    if (label !== this.#label) {
      this[Symbol.dispose]();
      this.#label = label;
      this.#line = new ProgressLine(label, unit);
    }
    this.#line!.update(update);
  }

  say(sentence: string): void {
    if (this.#line === null) console.log(sentence);
    else this.#line.say(sentence);
  }

  [Symbol.dispose](): void {
    this.#line?.[Symbol.dispose]();
    this.#line = null;
  }
}
