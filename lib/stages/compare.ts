/**
 * Several runs in one comparison: reads what their folders hold, finished or not, and writes the tables.
 *
 * @module
 */
import { isFile } from "../base/is_file.ts";
import { configHash } from "../config/config_identity.ts";
import type { Config } from "../config/schema.ts";
import { renderComparison } from "../report/compare.ts";
import type { ComparedArchitecture, ComparedRun, DetectorName } from "../report/compare_input.ts";
import { makeFolder, writeFileAtomic } from "../run/atomic_file.ts";
import { readApproximations } from "../run/origin.ts";
import { scoreName } from "../run/plan.ts";
import { readRunConfig, readStageState, runPaths } from "../run/run_folder.ts";
import { randomName } from "../search/fixed_architecture.ts";
import { type CandidateRecord, openHistory } from "../search/history.ts";
import type { Winner } from "../search/winners.ts";
import type { EvaluationReport } from "../workers/worker_api.ts";
import { namedWinner } from "./trained_architecture.ts";

/**
 * Compares runs; reads them without opening them, so that a run under way goes on.
 *
 * @param runDirs The runs' folders, in the order to show.
 * @param outDir Where the files go; made if need be.
 * @returns The files' paths, the page first.
 * @throws {RangeError} If a folder is no run, or stands there twice.
 * @throws {SyntaxError} If a run's file can't be read; names it.
 */
export async function compare(runDirs: readonly string[], outDir: string): Promise<string[]> {
  const again = runDirs.find((dir, i) => runDirs.indexOf(dir) < i);
  if (again !== undefined) throw new RangeError(`Cannot compare ${again} with itself: name each run once`);
  const runs: ComparedRun[] = [];
  for (const dir of runDirs) runs.push(await readComparedRun(dir));
  await makeFolder(outDir, { recursive: true });
  const paths: string[] = [];
  for (const [name, text] of renderComparison(runs)) {
    await writeFileAtomic(`${outDir}/${name}`, text);
    paths.push(`${outDir}/${name}`);
  }
  return paths;
}

/** What a run's folder holds for a comparison. */
export async function readComparedRun(dir: string): Promise<ComparedRun> {
  const config = await readRunConfig(dir);
  if (config === null) {
    throw new RangeError(`Cannot compare ${dir}: it is no run as it holds no config.json`);
  }
  const paths = runPaths(dir);
  const evaluate = await readStageState(dir, "evaluate");
  return {
    folder: dir,
    name: config.name,
    isApproximate: (await readApproximations(dir)).length > 0,
    ...describeExperiment(config),
    space: config.space,
    scoreName: scoreName(config),
    architecture: await readArchitecture(paths.winners, config),
    evaluation: evaluate.status === "finished" ? evaluate.result as EvaluationReport : null,
    candidates: await readCandidates(paths.search, config),
  };
}

/** What a config's experiment is in the words of the paper's tables. */
export type Experiment = Pick<ComparedRun, "detector" | "backbone" | "publishedAs" | "data">;

/** Names a config's detector, backbone and data. */
export function describeExperiment(config: Config): Experiment {
  const detector = config.detector.kind === "retinanet" ? "RetinaNet" : "Faster R-CNN, FPN";
  const data = dataName(config.detectionData);
  if (config.architecture === null) return { detector, data, ...searched(config) };
  return { detector, data, ...given(config, config.architecture, detector, data) };
}

interface Backbone {
  readonly backbone: string;
  readonly publishedAs: string | null;
}

/** What published tables call the authors' spaces. */
const sizes: ReadonlyMap<string, string> = new Map([
  ["small", "300M"],
  ["large-1.3G", "1.3G"],
  ["large-3.8G", "3.8G"],
]);

function searched({ space, search, pretrain }: Config): Backbone {
  const method = search.objective === "classification"
    ? "ClsNASNet"
    : pretrain === null
    ? "DetNAS-scratch"
    : "DetNAS";
  const size = sizes.get(space.name);
  return {
    backbone: `${method}, ${space.name}`,
    publishedAs: size === undefined ? null : `${method} ${size}`,
  };
}

/** A backbone trained without a search: by its name, or by what it is made of. */
function given({ space }: Config, architecture: string, detector: DetectorName, data: string): Backbone {
  if (architecture === randomName) return { backbone: `random, ${space.name}`, publishedAs: null };
  const network = handCrafted(architecture);
  if (network !== null) {
    const isOfOneSize = network !== "ShuffleNetV2-40";
    return {
      backbone: isOfOneSize ? network : `${network}, ${space.name}`,
      publishedAs: isOfOneSize ? network : null,
    };
  }
  return { backbone: architecture, publishedAs: publishedWinner(architecture, detector, data) };
}

/** `shufflenetv2-20` is the table's ShuffleNetV2-20. */
function handCrafted(architecture: string): string | null {
  const [, family, depth] = architecture.match(/^(shufflenetv2|resnet)-(\d+)$/) ?? [];
  return family === undefined ? null : `${family === "resnet" ? "ResNet" : "ShuffleNetV2"}-${depth}`;
}

/** `coco-fpn-300m` is the row DetNAS 300M of COCO and FPN, and no other. */
function publishedWinner(architecture: string, detector: DetectorName, data: string): string | null {
  const [, home, head, size] = architecture.match(/^(coco|voc)-(fpn|retinanet)-(300m|1\.3g|3\.8g)$/) ?? [];
  const isItsHead = (head === "retinanet") === (detector === "RetinaNet");
  const isItsData = (home === "voc") === (data === "VOC");
  return home !== undefined && isItsHead && isItsData ? `DetNAS ${size.toUpperCase()}` : null;
}

/** A folder's name; COCO's and VOC's by how they are usually called. */
function dataName(data: Config["detectionData"]): string {
  if (data.kind === "shapes") return "shapes";
  const name = data.path.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? data.path;
  if (/^(ms)?coco([-_]?20\d\d)?$/i.test(name)) return "COCO";
  return /^(pascal[-_]?)?voc(devkit)?([-_]?20\d\d)?$/i.test(name) ? "VOC" : name;
}

/** The search's best so far, or the one that the config names, trained or not. */
async function readArchitecture(path: string, config: Config): Promise<ComparedArchitecture | null> {
  if (config.architecture !== null) return namedWinner(config, config.architecture);
  return (await readJson<Winner[]>(path))?.[0] ?? null;
}

/** Opening would start a history where there is none. */
async function readCandidates(path: string, config: Config): Promise<CandidateRecord[]> {
  if (!await isFile(path)) return [];
  using history = openHistory(path, configHash(config));
  return history.all();
}

async function readJson<T>(path: string): Promise<T | null> {
  if (!await isFile(path)) return null;
  try {
    return JSON.parse(await Deno.readTextFile(path)) as T;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`Cannot read ${path}: it is no JSON: ${cause.message}`, { cause });
  }
}
