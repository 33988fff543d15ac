/**
 * What every command does first: read the flags, check the data, start a worker, open the run.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import { plannedStages, usesClassLabels } from "../lib/run/plan.ts";
import { fixedArchitecture } from "../lib/search/fixed_architecture.ts";
import { openRun, readRunConfig, type RunFolder, type Stage } from "../lib/run/run_folder.ts";
import { serveDashboard } from "../lib/dashboard/server.ts";
import { checkDataImages } from "../lib/stages/check_images.ts";
import { checkSupernetRun } from "../lib/stages/supernet_run.ts";
import { requireFinished, type StageContext } from "../lib/stages/stage_context.ts";
import { TensorBoardLog } from "../lib/stages/tensorboard_log.ts";
import { DataSets, type DetectionData } from "../lib/train/datasets.ts";
import { availableMemory, isAutoBatch, withAutoBatches, withStoredBatches } from "./auto_batch.ts";
import { checkTeller } from "./check_teller.ts";
import { resolveConfig } from "./cli.ts";
import type { Command } from "./commands.ts";
import { sayIfFinished, shownPath } from "./ending.ts";
import { fetchLibrary } from "./fetch_library.ts";
import { fetchTeller } from "./fetch_teller.ts";
import { ensureKernels } from "./kernels.ts";
import { indexStore } from "./index_store.ts";
import { JobObserver } from "./job_observer.ts";
import type { JobOutput } from "./job_output.ts";
import { type NextCommand, nextCommandOf } from "./next_command.ts";
import { GroupNetwork } from "../lib/workers/group_network.ts";
import { systemTimers } from "../lib/workers/timers.ts";
import { TrainingGroup } from "../lib/workers/training_group.ts";
import type { WorkerPlace } from "../lib/workers/worker_place.ts";
import type { WorkerSlot } from "../lib/workers/worker_slot.ts";
import { freePorts } from "./free_ports.ts";
import { followMachines } from "./follow_machines.ts";
import { groupOfMachines } from "./machines.ts";
import { runWorker } from "./run_worker.ts";
import { ensureTreeCrowns } from "./tree_crowns.ts";
import { scorersOf } from "./scorers.ts";
import type { Stopping } from "./stopping.ts";
import { TensorBoardObserver } from "./tensorboard_observer.ts";

/** A run with all that its stages need; dispose it at the end. */
export interface Job extends AsyncDisposable {
  readonly context: StageContext;
  /** The command's own flags, as typed, by name. */
  readonly flags: ReadonlyMap<string, string>;
  /** The command that goes on with this run. */
  readonly next: NextCommand;
}

/** Which stages a command is about. */
export interface JobStages {
  /** What must be finished before, as far as the config has these stages; null if not even the run need exist. */
  readonly needs: readonly Stage[] | null;
  /**
   * What the command finishes; if it all is, there is nothing to do. Empty for a command that does its work again;
   * null for all of the config's stages.
   */
  readonly finishes: readonly Stage[] | null;
}

/**
 * Opens a command's run.
 *
 * @param command Whose flags they are.
 * @param args The flags.
 * @param stages What the command is about.
 * @param stopping Listens to signals from the point on where there is something to leave in order.
 * @param output Told what happens.
 * @returns The job, or null if there is nothing to do, and that is said: help was asked for, or all is finished.
 * @throws What the user should read: a wrong flag, a wrong config, data that can't be used, no engine.
 */
export async function openJob(
  command: Command,
  args: string[],
  stages: JobStages,
  stopping: Stopping,
  output: JobOutput,
): Promise<Job | null> {
  // Flags and config
  const invocation = await resolveConfig(command, args);
  if (invocation.help !== null) {
    console.log(invocation.help);
    return null;
  }
  const { runDir, approximate, openPorts, tensorboard, dashboardPort, flags } = invocation;
  if (dashboardPort === null) await giveUpNetwork();
  const next = nextCommandOf(runDir, args);
  const say = (text: string): void => output.tell({ event: "note", text });
  const stored = await readRunConfig(runDir);
  let config = invocation.config;
  const machines = groupOfMachines(Deno.env.get("TF_CONFIG"), config, openPorts);
  if (machines !== null && machines.rank > 0) {
    await ensureTreeCrowns(config, { onProgress: fetchTeller(output) });
    const [library, kernels] = [await fetchLibrary(config, output), await ensureKernels(config.device, say)];
    await followMachines(library, kernels, config, runDir, machines, stopping.listen(), say);
    return null;
  }
  const isBatchAuto = isAutoBatch(flags.get("batch"), machines?.addresses.length ?? 1);
  if (isBatchAuto && stored !== null) config = withStoredBatches(config, stored);
  const { needs, finishes } = plannedPart(config, stages);
  checkBatches(config, machines?.addresses.length ?? config.workers);
  await checkArchitecture(config);

  // The run, where there is one
  await using resources = new AsyncDisposableStack();
  const held = resources.use(new AsyncDisposableStack()); // let go of last, when the worker has ended
  const existing = stored !== null ? held.use(await openRun(runDir, config, approximate)) : null;
  await checkNeeds(existing, runDir, needs);
  if (existing !== null && await sayIfFinished(existing, finishes, output, next)) {
    if (dashboardPort !== null) say(`dashboard: deno task dashboard --run ${shownPath(runDir)}`);
    return null;
  }
  if (dashboardPort !== null) await watchRun(resources, runDir, dashboardPort, output);

  // Data: annotations now, images by the worker; nothing is trained on data that is not all there
  await ensureTreeCrowns(config, { onProgress: fetchTeller(output) });
  const store = indexStore();
  const data = new DataSets(store);
  const detection = await data.detection(config);
  if (usesClassLabels(config)) await data.classification(config);

  // Engine
  const library = await fetchLibrary(config, output);
  const kernels = await ensureKernels(config.device, say);

  // Workers; the first starts now and checks the images
  const signal = stopping.listen();
  const start = (index: number, place?: () => Promise<WorkerPlace>): WorkerSlot =>
    resources.use(runWorker(library, kernels, config, runDir, index, signal, place));
  const startScorer = (index: number): WorkerSlot => {
    const ofOneThread = { ...config, device: { ...config.device, threads: 1 } };
    return runWorker(library, kernels, ofOneThread, runDir, index, signal, undefined, `scorer ${index + 1}`);
  };
  const own = machines === null ? undefined : () => Promise.resolve({ group: machines, prefix: [] });
  const workers = Array.from({ length: config.workers }, (_, index) => start(index, own));
  const [worker] = workers;

  // Those that train together have a network of their own
  const network = resources.use(new GroupNetwork({ workers: config.workers, openPorts, freePorts, say }));
  const trainers = workers.length === 1
    ? workers
    : workers.map((_, rank) => start(rank, () => network.place(rank)));
  const trainer = machines === null && workers.length === 1
    ? worker
    : resources.adopt(new TrainingGroup(trainers, systemTimers, signal), (group) => group.end());
  const scorers = machines !== null
    ? workers
    : scorersOf(config, workers, availableMemory(), (index) => resources.use(startScorer(index)));
  signal.addEventListener("abort", () => say("stopping; once more ends it at once"));
  const { tensorflow, deviceName, threads, kernels: blocks } = await worker.call((api) => api.device());
  output.tell({
    event: "opened",
    run: shownPath(runDir),
    tensorflow,
    device: deviceName.replace(/^.*device:/, ""),
    threads,
    workers: workers.length,
    machines: machines?.addresses.length ?? 1,
    kernels: blocks,
  });
  sayNotes(detection, say);
  await checkDataImages(config, { worker, data, store, onProgress: checkTeller(output) });

  if (isBatchAuto && stored === null) {
    await worker.end(); // what it holds is not to be counted
    const startWorker = (folder: string): WorkerSlot =>
      runWorker(library, kernels, config, folder, 0, signal);
    const availableBytes = availableMemory();
    config = await withAutoBatches({ config, data, startWorker, availableBytes, say });
  }

  // A new run's folder comes last, so that nothing is left of a run that can't start
  const run = existing ?? held.use(await openRun(runDir, config, approximate));
  const told = new JobObserver(run, output, finishes);
  const observer = tensorboard ? resources.use(new TensorBoardObserver(told, new TensorBoardLog(run))) : told;
  const job = resources.move();
  return {
    context: {
      run,
      trainer,
      machines: machines?.addresses.length ?? 1,
      worker,
      workers,
      scorers,
      data,
      observer,
      approximate,
      signal,
      timers: systemTimers,
    },
    flags,
    next,
    [Symbol.asyncDispose]: () => job.disposeAsync(),
  };
}

/** Serves the dashboard until the job is over. */
async function watchRun(
  resources: AsyncDisposableStack,
  runDir: string,
  port: number,
  output: JobOutput,
): Promise<void> {
  const { url } = resources.use(serveDashboard({ runDir, port, isOwnRun: true }));
  output.tell({ event: "dashboard", url });
  await giveUpNetwork();
}

/** What listens goes on listening; nothing else of this process can use the network from here on. */
async function giveUpNetwork(): Promise<void> {
  await Deno.permissions.revoke({ name: "net" });
}

/** What of a command's stages the config has. */
function plannedPart(
  config: Config,
  { needs, finishes }: JobStages,
): { needs: readonly Stage[] | null; finishes: readonly Stage[] } {
  const planned = plannedStages(config);
  const missing = finishes?.find((stage) => stage !== "rank" && !planned.includes(stage));
  if (missing !== undefined) {
    throw new RangeError(
      `Cannot ${missing} as config ${config.name} has no such stage: its stages are ${planned.join(", ")}`,
    );
  }
  const needed = needs?.filter((stage) => planned.includes(stage)) ?? [];
  // The first of a config's stages starts the run.
  const starts = needs === null || (needs.length > 0 && needed.length === 0);
  return { needs: starts ? null : needed, finishes: finishes ?? planned };
}

/** Each of the workers that train together takes its part of every batch. */
function checkBatches({ pretrain, finetune, retrain }: Config, workers: number): void {
  const trainings = { pretrain, finetune, retrain, "retrain.classification": retrain.classification };
  for (const [name, training] of Object.entries(trainings)) {
    if (training === null || training.batchSize >= workers) continue;
    throw new RangeError(
      `Cannot train with ${workers} workers as ${name}.batchSize is ${training.batchSize}: each needs at least one image`,
    );
  }
}

/** An architecture or a supernet that the config only names must be there before anything starts. */
async function checkArchitecture(config: Config): Promise<void> {
  const { architecture, space, seed, search, supernetRun } = config;
  if (architecture !== null) fixedArchitecture(space, architecture, { seed, budget: search.budget });
  if (supernetRun !== null) await checkSupernetRun(config, supernetRun);
}

async function checkNeeds(
  run: RunFolder | null,
  runDir: string,
  needs: readonly Stage[] | null,
): Promise<void> {
  if (needs === null) return;
  if (run === null) {
    throw new RangeError(`Cannot go on in ${runDir} as there is no run: start one with deno task search`);
  }
  for (const stage of needs) await requireFinished(run, stage);
}

/** How many skipped annotations are listed. */
const listedSkips = 10;

function sayNotes({ notes, skipped }: DetectionData, say: (text: string) => void): void {
  for (const note of notes) say(note);
  if (skipped.length === 0) return;
  say(`${skipped.length} annotations are skipped:`);
  for (const { file, reason } of skipped.slice(0, listedSkips)) say(`  ${file}: ${reason}`);
}
