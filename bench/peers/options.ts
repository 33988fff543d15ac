/**
 * The flags of `bench:peers` and `bench:check`.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type KnownChoice, type SearchSpace, searchSpaces } from "../../lib/space/search_space.ts";
import {
  backboneWorkload,
  blockWorkloads,
  classificationStep,
  detectionStep,
  type Workload,
} from "../workloads.ts";
import { parseRunnerOptions, runnerFlagNames, type RunnerOptions } from "../runner.ts";
import type { ComparisonOptions, TorchMode } from "./comparison.ts";

/** What a comparison is told. */
export interface PeerOptions extends ComparisonOptions {
  /** A Python with PyTorch; null takes the cache's. */
  readonly python: string | null;
  /** File that the results are written to; null writes none. */
  readonly output: string | null;
  /** How our side computes; PyTorch is given the same device and threads. */
  readonly runner: RunnerOptions;
  /** Whether peak memory is measured. */
  readonly memory: boolean;
  readonly workloads: readonly Workload[];
}

/** What the flags are. */
export const peerFlags =
  `  --only WORDS     rows whose name has all these words; again, or with commas: any of several
  --space NAME     small (default), large-1.3G, large-3.8G
  --rounds N       turns of each side (default 9)
  --row-seconds N  of a row's rounds (default 60): where calls are longer there are fewer rounds, at least 3
  --modes LIST     of eager, compile, folded: how PyTorch is run (default all)
  --quick          3 rounds, eager alone, no memory
  --no-memory      leaves peak memory out
  --images N       images of a block, a classification step and the backbone at 224 px (default 32)
  --detection-images N  images of a detection step (default 1)
  --device KIND    cpu (default) or gpu
  --kernels NAME   of our side: auto (default), fused, tensorflow or xla
  --threads N      of both sides (default all cores)
  --python PATH    a Python with torch and torchvision (default: one in the cache, set up if need be)
  --output FILE    writes the results as JSON`;

const valued = [
  "only",
  "space",
  "rounds",
  "row-seconds",
  "modes",
  "images",
  "detection-images",
  "python",
  "output",
  ...runnerFlagNames,
] as const;

const everyMode: readonly TorchMode[] = ["eager", "compile", "folded"];

/**
 * Reads the flags.
 *
 * @throws {TypeError} If one is unknown or its value is.
 * @throws {RangeError} If no row has the words.
 */
export function parsePeerOptions(args: string[]): PeerOptions {
  const flags = parseArgs(args, {
    string: valued,
    boolean: ["quick", "no-memory"],
    collect: ["only"],
    unknown: (arg: string): never => {
      throw new TypeError(`Cannot understand ${arg}: the flags are\n${peerFlags}`);
    },
  });
  const text = (name: typeof valued[number]): string | undefined => {
    const value: unknown = flags[name];
    return typeof value === "string" ? value : undefined;
  };
  const count = (name: "rounds" | "row-seconds" | "images" | "detection-images", otherwise: number): number =>
    positive(name, text(name) ?? String(otherwise));
  const only = Array.isArray(flags.only) ? flags.only.flatMap((words) => String(words).split(",")) : [];
  const isQuick = flags.quick === true;
  const all = everyWorkload(spaceOf(text("space")), count("images", 32), count("detection-images", 1));
  return {
    rounds: count("rounds", isQuick ? 3 : 9),
    sampleMs: isQuick ? 60 : 150,
    rowMs: 1000 * count("row-seconds", isQuick ? 20 : 60),
    modes: modesOfFlag(text("modes") ?? (isQuick ? "eager" : everyMode.join())),
    python: text("python") ?? null,
    output: text("output") ?? null,
    runner: parseRunnerOptions(args),
    memory: flags["no-memory"] !== true && !isQuick,
    workloads: selected(all, only),
  };
}

/** Blocks in training and inference, whole steps, and backbones. */
export function everyWorkload(
  space: SearchSpace<KnownChoice>,
  images: number,
  detectionImages: number,
): Workload[] {
  return [
    ...blockWorkloads(space, "train", images),
    ...blockWorkloads(space, "infer", images),
    classificationStep(space, images, 224),
    detectionStep(space, "retinanet", detectionImages, 800, 1344),
    detectionStep(space, "faster-rcnn", detectionImages, 800, 1344),
    backboneWorkload(space, images, 224, 224),
    backboneWorkload(space, 1, 800, 1344),
  ];
}

/**
 * The rows that one of some lists of words is about; all rows, if there are no lists.
 *
 * @throws {RangeError} If that is none.
 */
export function selected(workloads: readonly Workload[], only: readonly string[]): Workload[] {
  const wordsOf = (text: string): string[] => text.trim().split(/\s+/);
  const fits = ({ name }: Workload, words: readonly string[]): boolean =>
    words.every((word) => wordsOf(name).includes(word));
  const rows = workloads.filter((workload) =>
    only.length === 0 || only.some((text) => fits(workload, wordsOf(text)))
  );
  if (rows.length > 0) return rows;
  throw new RangeError(
    `Cannot find rows of --only ${only.join()}: a name is, e.g., "${workloads[0].name}" or "${
      workloads.at(-1)!.name
    }"`,
  );
}

function spaceOf(name = "small"): SearchSpace<KnownChoice> {
  const space = Object.values(searchSpaces).find((space) => space.name === name && space.choices.length > 1);
  if (space !== undefined) return space;
  throw new TypeError(`Cannot measure space ${name}: wanted small, large-1.3G or large-3.8G`);
}

function modesOfFlag(text: string): TorchMode[] {
  return text.split(",").map((name) => {
    const mode = everyMode.find((mode) => mode === name);
    if (mode !== undefined) return mode;
    throw new TypeError(`Cannot run PyTorch in mode ${name}: wanted some of ${everyMode.join(", ")}`);
  });
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`Cannot understand --${flag} ${text}: wanted a whole number above 0`);
}
