/**
 * `deno task doctor`: looks at all that a run needs, and says what is fine, what is not, and what to do. It takes the
 * flags of the run in question, and writes nothing but the files that are asked for.
 *
 * @module
 */
import { findLibrary } from "../lib/engine/library.ts";
import { type CheckResult, checkText } from "./check_result.ts";
import { resolveConfig } from "./cli.ts";
import {
  checkDenoVersion,
  checkDevice,
  checkDisk,
  checkEngine,
  checkImages,
  checkLabelledData,
  checkMemory,
  checkPhotographs,
  checkPlatform,
  checkRunFolder,
  checkThreads,
} from "./doctor_checks.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { checkTeller } from "./check_teller.ts";
import { indexStore } from "./index_store.ts";
import type { JobOutput } from "./job_output.ts";
import { commandLine, runCommand } from "./run_task.ts";
import { runWorker } from "./run_worker.ts";
import { showData } from "./show_data.ts";
import type { Stopping } from "./stopping.ts";
import { lacksTreeCrowns } from "./tree_crowns.ts";

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  const flags = withConfig(args);
  const invocation = await resolveConfig("doctor", flags);
  if (invocation.help !== null) return console.log(invocation.help);
  const { config, runDir } = invocation;
  const contactSheet = invocation.flags.get("contact-sheet") ?? null;
  const writeConfig = invocation.flags.get("write-config") ?? null;
  const { kind, threads } = config.device;
  const results: CheckResult[] = [];
  const show = (result: CheckResult): void => {
    console.log(checkText(result));
    results.push(result);
  };

  // The machine
  show(checkDenoVersion(Deno.version.deno));
  show(checkPlatform(Deno.build.os, Deno.build.arch, kind));
  show(checkThreads(threads, config.workers, navigator.hardwareConcurrency));
  show(checkMemory(Deno.systemMemoryInfo().available, config.workers));
  show(await checkDisk(runDir));

  // The run and its data
  show(await checkRunFolder(runDir, config));
  const indexes = indexStore();
  const store = indexes && { ...indexes, canWrite: false };
  const sets = new DataSets(store);
  const data = [await checkPhotographs(config, sets), await checkLabelledData(config, sets)];
  data.forEach(show);
  const [photographs] = data;
  const isShown = config.detectionData.kind === "folder" || contactSheet !== null || writeConfig !== null;
  if (isShown && photographs.status !== "problem" && !await lacksTreeCrowns(config)) {
    const shown = await showData(config, await sets.detection(config), { contactSheet, writeConfig });
    shown.forEach(show);
  }

  // The engine, and what only it can tell
  show(await checkEngine(kind));
  const library = await findLibrary({ device: kind }).catch(() => null);
  if (library !== null) {
    await using worker = runWorker(library, null, config, runDir, 0, stopping.listen());
    const device = await checkDevice(worker);
    show(device);
    const canRead = [device, ...data].every(({ status }) => status !== "problem");
    const onProgress = checkTeller(output);
    if (canRead) show(await checkImages(config, { worker, data: sets, store, onProgress }));
  }

  const problems = results.filter(({ status }) => status === "problem").length;
  if (problems > 0) throw new Error(`${problems} of these would stop a run`);
  console.log(`next: ${commandLine("search", searchFlags(flags, writeConfig))}`);
}

/**
 * The flags, with the config for photographs where data is named and neither a config nor a run.
 *
 * @param args As typed.
 */
export function withConfig(args: string[]): string[] {
  const has = (flag: string): boolean => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
  return has("--data") && !has("--config") && !has("--run") ? ["--config", "photos", ...args] : args;
}

/**
 * The flags of the search that comes next: the doctor's own left out, and a config that was written in place of the one it
 * came from.
 *
 * @param args As typed, or as {@linkcode withConfig} has them.
 * @param writeConfig The written file, or null.
 */
export function searchFlags(args: readonly string[], writeConfig: string | null): string[] {
  const dropped = ["--contact-sheet", "--write-config", ...(writeConfig === null ? [] : ["--config"])];
  const kept = args.filter((arg, i) =>
    !dropped.includes(args[i - 1]) && !dropped.some((flag) => arg === flag || arg.startsWith(`${flag}=`))
  );
  return writeConfig === null ? kept : ["--config", writeConfig, ...kept];
}

if (import.meta.main) await runCommand("doctor", main);
