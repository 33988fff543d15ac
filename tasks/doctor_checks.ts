/**
 * What `deno task doctor` looks at. Each check takes what it judges, and gives one result.
 *
 * @module
 */
import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { withoutLibraryPath } from "../lib/base/child_environment.ts";
import { configDifferences } from "../lib/config/config_identity.ts";
import type { Config } from "../lib/config/schema.ts";
import { cacheFolder, type DeviceKind, engineBuild } from "../lib/engine/platform.ts";
import { findLibrary } from "../lib/engine/library.ts";
import { usesClassLabels } from "../lib/run/plan.ts";
import { readRunConfig } from "../lib/run/run_folder.ts";
import { checkDataImages, type ImageCheck } from "../lib/stages/check_images.ts";
import type { DataSets } from "../lib/train/datasets.ts";
import type { CallableWorker } from "../lib/workers/worker_process.ts";
import { type CheckResult, ok, problem, warning } from "./check_result.ts";
import { bytesText } from "./progress.ts";
import { deepforestWheel, lacksTreeCrowns } from "./tree_crowns.ts";

/** The version that everything is tested with. */
export const testedDeno = "2.9.6";
/** What one worker takes at most, from runs on photographs. */
const workerBytes = 4e9;
/** Room for checkpoints, history and report. */
const runBytes = 1e9;
/** How many skipped annotations are listed. */
const listedSkips = 10;

/** Deno's version is the tested one, or at least not older. */
export function checkDenoVersion(version: string): CheckResult {
  if (version === testedDeno) return ok("Deno", version);
  const older = version.localeCompare(testedDeno, "en", { numeric: true }) < 0;
  const advice = `npx --yes deno@${testedDeno} task …`;
  return warning(
    "Deno",
    `${version}, ${older ? "older" : "newer"} than ${testedDeno}, which is tested`,
    advice,
  );
}

/** The platform is one that was run. */
export function checkPlatform(os: string, arch: string, device: DeviceKind): CheckResult {
  const found = `${os} ${arch}, ${device}`;
  if (found === "linux x86_64, cpu") return ok("platform", found);
  if (engineBuild(device, os, arch) === null) {
    return warning("platform", `${found}: no build of the engine is known`, "set DETNAS_LIBTENSORFLOW");
  }
  return warning("platform", `${found}: supported, but not tested`, "see README.md, what was run");
}

/** Threads and workers fit the cores. */
export function checkThreads(threads: number, workers: number, cores: number): CheckResult {
  const found = `${workers} worker${workers > 1 ? "s" : ""} of ${threads} threads on ${cores} cores`;
  if (threads * workers <= cores) return ok("threads", found);
  return warning("threads", found, `--threads ${Math.max(1, Math.floor(cores / workers))} is faster`);
}

/** There is memory for the workers. */
export function checkMemory(availableBytes: number, workers: number): CheckResult {
  const found = `${bytesText(availableBytes)} available`;
  if (availableBytes >= workers * workerBytes) return ok("memory", found);
  const wanted = bytesText(workers * workerBytes);
  return warning(
    "memory",
    `${found}, up to ${wanted} wanted`,
    "end other programs, or use a smaller batchSize",
  );
}

/** There is room for the run. */
export async function checkDisk(runDir: string): Promise<CheckResult> {
  const { bavail, bsize } = await statfs(await existingFolder(resolve(runDir)));
  const found = `${bytesText(bavail * bsize)} free for ${runDir}`;
  if (bavail * bsize >= runBytes) return ok("disk", found);
  return warning("disk", `${found}, about ${bytesText(runBytes)} wanted`, "make room, or name another --run");
}

/** The run's folder is new, or belongs to this config. */
export async function checkRunFolder(runDir: string, config: Config): Promise<CheckResult> {
  try {
    const stored = await readRunConfig(runDir);
    if (stored === null) return ok("run", `${runDir}, new`);
    const [difference] = configDifferences(stored, config);
    if (difference === undefined) return ok("run", `${runDir}, goes on where it is`);
    const { path, first, second } = difference;
    const found = `${runDir} was made with ${path} ${JSON.stringify(first)}, not ${JSON.stringify(second)}`;
    return problem("run", found, "name another folder with --run");
  } catch (error) {
    return problem("run", messageOf(error), "name another folder with --run");
  }
}

/** The images with boxes can be opened. */
export async function checkPhotographs(config: Config, data: DataSets): Promise<CheckResult> {
  if (await lacksTreeCrowns(config)) {
    const found = `not here; the first run fetches ${deepforestWheel.requirement} (21 MB)`;
    return warning("boxes", found, "deno task search --config tree-crowns fetches it");
  }
  try {
    const source = config.detectionData;
    const { layout: layoutKey, train, val, test, skipped, notes } = await data.detection(config);
    const layout = layoutNames[layoutKey] + (source.kind === "shapes" ? "" : ` in ${source.path}`);
    const counts = [train, val, test].map(({ samples }) => samples.length);
    const found = [
      `${layout}: ${train.classes.length} classes; images: ` +
      `${counts[0]} to train, ${counts[1]} to search, ${counts[2]} to report`,
      ...notes,
    ];
    if (skipped.length === 0) return ok("boxes", found.join("\n"));
    const listed = skipped.slice(0, listedSkips).map(({ file, reason }) => `  ${file}: ${reason}`);
    return warning(
      "boxes",
      [...found, `${skipped.length} annotations are skipped:`, ...listed].join("\n"),
      "correct them, or leave them out",
    );
  } catch (error) {
    const advice =
      "correct what it names; --data takes a folder in Pascal VOC's or COCO's layout, see docs/commands.md";
    return problem("boxes", messageOf(error), advice);
  }
}

const layoutNames = { shapes: "generated shapes", voc: "Pascal VOC", coco: "COCO" } as const;

/** The images with class labels can be opened. */
export async function checkLabelledData(config: Config, data: DataSets): Promise<CheckResult> {
  const source = config.pretrainData;
  if (source === null || !usesClassLabels(config)) return ok("labels", "none are needed");
  try {
    const { train, val } = await data.classification(config);
    const layout = source.kind === "shapes" ? "generated shapes" : `image folder ${source.path}`;
    const counts = `${train.samples.length} to train, ${val.samples.length} to validate`;
    return ok("labels", `${layout}: ${train.classes.length} classes; images: ${counts}`);
  } catch (error) {
    const advice =
      "correct what it names; --pretrain-data takes a folder in ImageNet's layout, see docs/commands.md";
    return problem("labels", messageOf(error), advice);
  }
}

/** libtensorflow is here, or can be fetched. */
export async function checkEngine(device: DeviceKind): Promise<CheckResult> {
  try {
    const library = await findLibrary({ device });
    if (library !== null) return ok("engine", `${library.path} (${placeNames[library.source]})`);
  } catch (error) {
    return problem("engine", messageOf(error), "correct DETNAS_LIBTENSORFLOW, or unset it");
  }
  const build = engineBuild(device);
  const cache = cacheFolder(Deno.env);
  const pip = await pipVersion();
  if (build === null || cache === null || pip === null) {
    const missing = build === null
      ? "build for this machine"
      : cache === null
      ? "cache folder"
      : "Python with pip";
    return problem(
      "engine",
      `not here, and no ${missing} to fetch it`,
      "set DETNAS_LIBTENSORFLOW, or install it",
    );
  }
  const found = `not here; the first run fetches ${build.wheels[0].requirement} with ${pip} into ${cache}`;
  return warning("engine", found, "deno task engine fetches it now");
}

const placeNames = {
  override: "DETNAS_LIBTENSORFLOW",
  cache: "the cache",
  python: "an installed TensorFlow",
  fetched: "fetched",
} as const;

/** The engine loads and has its device. */
export async function checkDevice(worker: CallableWorker): Promise<CheckResult> {
  try {
    const { tensorflow, deviceName, threads } = await worker.call((api) => api.device());
    const device = deviceName.replace(/^.*device:/, "");
    return ok("device", `TensorFlow ${tensorflow} on ${device}, ${threads} threads`);
  } catch (error) {
    return problem("device", messageOf(error), "see docs/troubleshooting.md");
  }
}

/** Every image can be read. */
export async function checkImages(config: Config, check: ImageCheck): Promise<CheckResult> {
  try {
    await checkDataImages(config, check);
    return ok("images", "all can be read");
  } catch (error) {
    return problem("images", messageOf(error), "replace these files, or take them out of the data");
  }
}

/** `pip 25.1`, of the first Python that has it; null if none has. */
async function pipVersion(): Promise<string | null> {
  for (const python of ["python3", "python"]) {
    try {
      const command = new Deno.Command(python, {
        args: ["-m", "pip", "--version"],
        env: withoutLibraryPath,
        stdin: "null",
        stderr: "null",
      });
      const { success, stdout } = await command.output();
      if (success) return new TextDecoder().decode(stdout).split(" ").slice(0, 2).join(" ");
    } catch {
      // no such program: the next may be there
    }
  }
  return null;
}

/** The nearest folder above that exists. */
async function existingFolder(path: string): Promise<string> {
  const isThere = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  return isThere || path === dirname(path) ? path : await existingFolder(dirname(path));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
