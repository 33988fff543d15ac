/**
 * What an early stop of scoring could save, and what it would cost the ranking: simulated on a run's own candidates, all
 * of which are scored in full once.
 *
 * `deno run … bench/early_stop_simulation.ts RUN [--generations N] [--orders COUNT]`
 *
 * The rule that is simulated knows more than `search.earlyStop` does. After so many images it compares a candidate with
 * all that were finished in earlier generations, on the same images: their AP of all images less that of these images
 * says what is still to come (or a line through them does: `fit`), and how far they are from it says how sure that is.
 * A candidate is stopped where its estimate, plus `z` standard errors of a prediction, is below the parents' least AP.
 * Prints a JSON line for each rule: how many are stopped, how many of them wrongly, images seen, candidates an hour
 * against none stopped (recalibration is paid in full; its share of the time is measured), Kendall's tau of what would
 * be recorded to the full scores, and whether the best is the same.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { permutation, stream } from "../lib/base/random.ts";
import { configHash } from "../lib/config/config_identity.ts";
import type { Config } from "../lib/config/schema.ts";
import { DetectionLoader } from "../lib/data/loader.ts";
import type { DetectionSet } from "../lib/data/sample.ts";
import { registerTensorFlow } from "../lib/engine/mod.ts";
import type { Detection } from "../lib/eval/detection.ts";
import { groundTruthOf } from "../lib/eval/ground_truth.ts";
import { ImageAps } from "../lib/eval/image_aps.ts";
import { kendallTau } from "../lib/eval/rank_correlation.ts";
import { loadKernels } from "../lib/fused/mod.ts";
import { readRunConfig } from "../lib/run/run_folder.ts";
import { isScored, type ScoredCandidate } from "../lib/search/candidate.ts";
import { openHistory } from "../lib/search/history.ts";
import { groupCandidates, prefixGroups } from "../lib/search/prefix_groups.ts";
import { architectureKey } from "../lib/space/architecture.ts";
import { CandidateScorer, someIndices } from "../lib/train/candidate_scorer.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { detectorOnDevice } from "../lib/train/finetuning.ts";
import { type LoadedSet, loading } from "../lib/train/loaded_set.ts";
import { NetworkState } from "../lib/train/network_state.ts";
import { supernetWeights } from "../lib/workers/run_weights.ts";
import { ensureKernels } from "../tasks/kernels.ts";

/** A candidate with its AP of the first images, by how many they are, and of all. */
interface Scored {
  readonly generation: number;
  readonly partial: readonly number[];
  readonly full: number;
}

interface Rule {
  readonly looks: readonly number[];
  readonly z: number;
  readonly isFitted: boolean;
}

const { values, positionals: [runDir] } = parseArgs({
  allowPositionals: true,
  options: {
    generations: { type: "string", default: "6" },
    orders: { type: "string", default: "6" },
  },
});
const stored = runDir === undefined ? null : await readRunConfig(runDir);
if (stored === null) {
  console.error("usage: early_stop_simulation.ts RUN [--generations N] [--orders COUNT]");
  Deno.exit(1);
}

const config = { ...stored, device: { ...stored.device, threads: 1 } };
const { val } = await new DataSets(null).detection(config);
const indices = someIndices(config.seed, "score", val, config.search.scoreImages);
const candidates = recordedCandidates(runDir, stored).filter((it) =>
  it.generation < Number(values.generations)
);
const { found, recalibrationShare } = await detectAll(config, candidates);
const orders = Array.from(
  { length: Number(values.orders) },
  (_, i) => permutation(stream(config.seed, "order", i), indices.length),
);
const races = orders.map((order) => candidates.map((candidate) => scoredInOrder(candidate, order)));
const eighths = [1, 2, 3, 4, 5, 6, 7].map((eighth) => Math.round(indices.length * eighth / 8));
for (const looks of [eighths, eighths.slice(2), [eighths[3]], [eighths[4]], [eighths[5]]]) {
  for (const isFitted of [false, true]) {
    for (const z of [1, 1.645, 2.3, 3]) {
      const outcomes = races.map((race) => simulate(race, { looks, z, isFitted }));
      const mean = (name: keyof typeof outcomes[number]): number =>
        Number((outcomes.reduce((sum, it) => sum + it[name], 0) / outcomes.length).toFixed(3));
      const names = ["stopped", "stoppedWrongly", "meanImages", "speedUp", "kendallTau", "sameBest"] as const;
      console.log(JSON.stringify({
        ...{ looks, fit: isFitted, z, candidates: candidates.length },
        ...Object.fromEntries(names.map((name) => [name, mean(name)])),
      }));
    }
  }
}

/** Goes through the generations as a search does: what was stopped is no parent, and predicts nothing. */
function simulate(all: readonly Scored[], { looks, z, isFitted }: Rule): Record<
  "stopped" | "stoppedWrongly" | "meanImages" | "speedUp" | "kendallTau" | "sameBest",
  number
> {
  const recorded = new Map<Scored, { score: number; images: number }>();
  let wrongly = 0;
  for (const candidate of all) {
    const finished = all.filter((it) =>
      it.generation < candidate.generation && recorded.get(it)!.images === indices.length
    );
    const least = finished.map(({ full }) => full).sort((a, b) => b - a)[config.search.parents - 1] ?? -1;
    const stop = candidate.generation === 0 ? undefined : looks.map((images) => ({
      images,
      ...predicted(finished, candidate, images, isFitted),
    })).find(({ estimate, standardError }) => estimate + z * standardError < least);
    if (stop && candidate.full > least) wrongly++;
    recorded.set(candidate, {
      score: stop?.estimate ?? candidate.full,
      images: stop?.images ?? indices.length,
    });
  }
  const outcomes = [...recorded.values()];
  const meanImages = outcomes.reduce((sum, { images }) => sum + images, 0) / outcomes.length;
  const scores = all.map(({ full }) => full);
  const best = all[scores.indexOf(Math.max(...scores))];
  return {
    stopped: outcomes.filter(({ images }) => images < indices.length).length,
    stoppedWrongly: wrongly,
    meanImages,
    speedUp: 1 / (recalibrationShare + (1 - recalibrationShare) * meanImages / indices.length),
    kendallTau: kendallTau(outcomes.map(({ score }) => score), scores),
    sameBest: recorded.get(best)!.images === indices.length ? 1 : 0,
  };
}

/** A candidate's full AP from that of its first images, and the standard error of that prediction. */
function predicted(
  finished: readonly Scored[],
  candidate: Scored,
  images: number,
  isFitted: boolean,
): { estimate: number; standardError: number } {
  const meanOf = (value: (it: Scored) => number): number =>
    finished.reduce((sum, it) => sum + value(it), 0) / finished.length;
  const [meanPartial, meanFull] = [meanOf((it) => it.partial[images]), meanOf((it) => it.full)];
  const spread = meanOf((it) => (it.partial[images] - meanPartial) ** 2);
  const slope = isFitted
    ? meanOf((it) => (it.partial[images] - meanPartial) * (it.full - meanFull)) / spread
    : 1;
  const estimateOf = (it: Scored): number => meanFull + slope * (it.partial[images] - meanPartial);
  const squares = finished.length * meanOf((it) => (it.full - estimateOf(it)) ** 2);
  const variance = squares / (finished.length - 2) * (1 + 1 / finished.length);
  return { estimate: estimateOf(candidate), standardError: Math.sqrt(variance) };
}

/** Adds a candidate's images one by one. */
function scoredInOrder({ choices, generation }: ScoredCandidate, order: Uint32Array): Scored {
  const aps = new ImageAps(val.classes.length);
  const byImage = Map.groupBy(found.get(architectureKey(choices))!, ({ imageId }) => imageId);
  for (const place of order) {
    const truth = groundTruthOf({ classes: val.classes, samples: [val.samples.at(indices[place])] });
    aps.add(truth, byImage.get(truth.imageIds[0]) ?? []);
  }
  return { generation, partial: [...eighthsOf(aps)], full: aps.ap() };
}

/** AP by number of images, only where something looks. */
function eighthsOf(aps: ImageAps): number[] {
  const partial: number[] = [];
  for (let eighth = 1; eighth < 8; eighth++) {
    const images = Math.round(aps.images * eighth / 8);
    partial[images] = aps.ap(images);
  }
  return partial;
}

/** Detects with every candidate on all images, by `architectureKey`; and how much of the time recalibration took. */
async function detectAll(
  config: Config,
  candidates: readonly ScoredCandidate[],
): Promise<{ found: Map<string, Detection[]>; recalibrationShare: number }> {
  const engine = await registerTensorFlow({ threads: config.device.threads });
  const build = await ensureKernels(config.device);
  const { version: tensorflow, deviceName, threads } = engine;
  const device = { ...engine, ...(build && { kernels: loadKernels(build.path, threads, engine.memory) }) };
  const report = { tensorflow, deviceName, threads, hostCpu: null, kernels: build?.name ?? "tensorflow" };
  const weights = await supernetWeights({ config, runDir, approximate: true }, report);
  const { train } = await new DataSets(null).detection(config);
  const { model, units } = detectorOnDevice(device, config, train.classes.length, null);
  using state = new NetworkState(units, config.seed);
  state.fromHost(weights, { slots: false });
  const { recalibration } = config.search;
  const scorer = new CandidateScorer(
    model,
    state,
    loaded(train, config, recalibration.batchSize),
    recalibration,
    config.seed,
  );
  const scoring = loaded(val, config, 8);
  const found = new Map<string, Detection[]>();
  let [recalibrationMs, allMs] = [0, 0];
  for (const group of prefixGroups(candidates, groupCandidates)) {
    const choices = group.map((it) => it.choices);
    const start = performance.now();
    await scorer.withStatistics(choices, async (detect) => {
      recalibrationMs += performance.now() - start;
      for (const [key, detections] of await detect(choices, scoring, indices)) found.set(key, detections);
    });
    allMs += performance.now() - start;
  }
  return { found, recalibrationShare: recalibrationMs / allMs };
}

function loaded(set: DetectionSet, config: Config, batchSize: number): LoadedSet {
  const unchanged = { flip: false, verticalFlip: false, scaleJitter: [1, 1] } as const;
  return { set, loader: new DetectionLoader(set, { ...loading(config), ...unchanged, batchSize }) };
}

function recordedCandidates(runDir: string, config: Config): ScoredCandidate[] {
  using history = openHistory(`${runDir}/search.sqlite`, configHash(config), () => {});
  return history.all("evolution", 0).filter(isScored);
}
