/**
 * Where the time of candidates that are scored one by one goes, on one thread: `deno run … bench/candidate_parts.ts RUN
 * CANDIDATES`, of the run's evolution.
 *
 * Prints JSON: processor milliseconds a candidate for each part, in recalibration and in detection; units by where they
 * are, blocks by stage. A first candidate, which compiles and decodes the images, is not counted. Processor time, as what else the
 * machine does takes none of it.
 *
 * @module
 */
import process from "node:process";
import { configHash } from "../lib/config/config_identity.ts";
import { registerTensorFlow } from "../lib/engine/mod.ts";
import { loadKernels } from "../lib/fused/mod.ts";
import type { Unit } from "../lib/nn/unit.ts";
import { readRunConfig } from "../lib/run/run_folder.ts";
import { isScored } from "../lib/search/candidate.ts";
import { openHistory } from "../lib/search/history.ts";
import { blockShapes } from "../lib/space/search_space.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { OneStageDetector } from "../lib/train/one_stage_detector.ts";
import { openSupernetScoring } from "../lib/train/scoring.ts";
import { UnitRunner } from "../lib/train/unit_runner.ts";
import { supernetWeights } from "../lib/workers/run_weights.ts";
import { ensureKernels } from "../tasks/kernels.ts";

const [runDir, count] = Deno.args;
const config = runDir === undefined ? null : await readRunConfig(runDir);
if (config === null || !(Number(count) > 0)) {
  console.error("usage: candidate_parts.ts RUN CANDIDATES");
  Deno.exit(1);
}

/** Processor time of parts, each without what it calls. */
class Clock {
  readonly ms = new Map<string, number>();
  readonly #open: string[] = ["rest"];
  #last = process.cpuUsage();

  /** Runs a part. */
  during<T>(part: string, body: () => T): T {
    this.#book();
    this.#open.push(part);
    try {
      return body();
    } finally {
      this.#book();
      this.#open.pop();
    }
  }

  /** Forgets what was measured. */
  clear(): void {
    this.#book();
    this.ms.clear();
  }

  /** Gives the time since the last call to the innermost part. */
  #book(): void {
    const part = this.#open.at(-1)!;
    const { user, system } = process.cpuUsage(this.#last);
    this.#last = process.cpuUsage();
    this.ms.set(part, (this.ms.get(part) ?? 0) + (user + system) / 1000);
  }
}

const clock = new Clock();
const shapes = blockShapes(config.space);
watchUnits("normaliseByBatch", "recalibration");
watchUnits("batchMoments", "recalibration");
watchUnits("infer", "detection");
watch(OneStageDetector.prototype, "detect", () => "detection: candidates, suppression");

const engine = await registerTensorFlow({ threads: 1 });
const build = await ensureKernels(config.device);
const device = {
  ...engine,
  uploadImages: (images: Uint8Array, shape: readonly number[]) =>
    clock.during("upload", () => engine.uploadImages(images, shape)),
  ...(build && { kernels: loadKernels(build.path, 1, engine.memory) }),
};
const report = { tensorflow: engine.version, deviceName: engine.deviceName, threads: 1, hostCpu: null };
const kernels = build?.name ?? "tensorflow";
const weights = await supernetWeights({ config, runDir, approximate: true }, { ...report, kernels });
const data = await new DataSets(null).detection(config);
using scoring = openSupernetScoring(device, config, data, weights, config.search.recalibration);
using history = openHistory(`${runDir}/search.sqlite`, configHash(config), () => {});
const candidates = history.all("evolution", 0).filter(isScored).slice(0, Number(count) + 1);
await scoring.scoreAll([candidates[0].choices]);
clock.clear();
const start = performance.now();
for (const { choices } of candidates.slice(1)) await scoring.scoreAll([choices]);
const wallMs = (performance.now() - start) / Number(count);
const parts = [...clock.ms].map(([part, ms]): [string, number] => [part, ms / Number(count)])
  .toSorted(([a], [b]) => a < b ? -1 : 1);
const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
console.log(JSON.stringify({ candidates: Number(count), processorMs: round(total), wallMs: round(wallMs) }));
for (const [part, ms] of parts) {
  console.log(JSON.stringify({ part, ms: round(ms), share: Number((ms / total).toFixed(3)) }));
}

function watchUnits(method: "normaliseByBatch" | "batchMoments" | "infer", phase: string): void {
  watch(UnitRunner.prototype, method, ([unit]) => `${phase}: ${placeOf(unit as Unit)}`);
}

function placeOf({ name }: Unit): string {
  const block = /^blocks\.(\d+)\./.exec(name)?.[1];
  if (block === undefined) return name;
  const { stage, stride } = shapes[Number(block)];
  return `stage ${stage + 1}, stride ${stride}`;
}

/** Makes a class's method tell the clock. */
// deno-lint-ignore no-explicit-any
function watch(prototype: any, method: string, partOf: (args: unknown[]) => string): void {
  const original = prototype[method];
  prototype[method] = function (...args: unknown[]): unknown {
    return clock.during(partOf(args), () => original.apply(this, args));
  };
}

function round(ms: number): number {
  return Number(ms.toFixed(1));
}
