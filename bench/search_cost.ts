/**
 * What scoring candidates costs alone, along a tree, and along a tree with an early stop; and whether the answer stays.
 * It takes a finished run's supernet and generations of its evolution, one after the other:
 *
 * `deno run … bench/search_cost.ts RUN GENERATION… [--images SHARE] [--alone COUNT] [--confidence P] [--chunk IMAGES]
 * [--tree-only]`
 *
 * Prints a JSON line for each generation: candidates an hour each way, ratios to alone, Kendall's tau of what is recorded
 * to the full scores, and who was stopped that has a score above the parents' least. The three ways are interleaved, in
 * one process, after a first round that compiles. `--alone` scores only so many of a generation alone, spread over the
 * time that the others take; `--images` takes a share of the images for recalibration and scores, to be done sooner; `--tree-only`
 * leaves out the early stop.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { Config } from "../lib/config/schema.ts";
import { configHash } from "../lib/config/config_identity.ts";
import { registerTensorFlow } from "../lib/engine/mod.ts";
import { kendallTau } from "../lib/eval/rank_correlation.ts";
import { readRunConfig } from "../lib/run/run_folder.ts";
import { byScore, isScored, type ScoredCandidate } from "../lib/search/candidate.ts";
import { openHistory } from "../lib/search/history.ts";
import { groupCandidates, prefixGroups } from "../lib/search/prefix_groups.ts";
import { type Architecture, architectureKey } from "../lib/space/architecture.ts";
import type { CandidateScore } from "../lib/train/candidate_race.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { loadKernels } from "../lib/fused/mod.ts";
import { ensureKernels } from "../tasks/kernels.ts";
import { openSupernetScoring, type SupernetScoring } from "../lib/train/scoring.ts";
import { supernetWeights } from "../lib/workers/run_weights.ts";

const { values, positionals: [runDir, ...generations] } = parseArgs({
  allowPositionals: true,
  options: {
    images: { type: "string", default: "1" },
    alone: { type: "string", default: "3" },
    confidence: { type: "string", default: "0.95" },
    chunk: { type: "string", default: "16" },
    "tree-only": { type: "boolean", default: false },
  },
});
const stored = runDir === undefined ? null : await readRunConfig(runDir);
if (stored === null || generations.length === 0) {
  console.error("usage: search_cost.ts RUN GENERATION... [--images --alone --confidence --chunk]");
  Deno.exit(1);
}

const config = withShare(stored, Number(values.images));
const earlyStop = { confidence: Number(values.confidence), chunkImages: Number(values.chunk) };
const engine = await registerTensorFlow({ threads: 1 }); // as a search's scorers have
const { version: tensorflow, deviceName, threads } = engine;
const build = await ensureKernels(config.device);
const device = { ...engine, ...(build && { kernels: loadKernels(build.path, threads, engine.memory) }) };
const report = { tensorflow, deviceName, threads, hostCpu: null, kernels: build?.name ?? "tensorflow" };
const weights = await supernetWeights({ config: stored, runDir, approximate: true }, report);
const data = await new DataSets(null).detection(config);
const { recalibration } = config.search;
using plain = openSupernetScoring(device, config, data, weights, recalibration);
const stopping = { ...config, search: { ...config.search, earlyStop } };
using racing = openSupernetScoring(device, stopping, data, weights, recalibration);
const candidates = recordedCandidates(runDir, stored);

for (const generation of generations.map(Number)) {
  const own = candidates.filter((it) => it.generation === generation);
  if (own.length === 0) throw new RangeError(`Cannot score generation ${generation}: ${runDir} has none`);
  const parents = candidates.filter((it) => it.generation < generation).toSorted(byScore)
    .slice(0, values["tree-only"] ? 0 : config.search.parents).map(({ choices }) => choices);
  await scoreGroups(plain, own, null); // compiles
  // A search has scored them in earlier generations.
  const parentScores = parents.length === 0 ? [] : await racing.scoreAll(parents, null);
  console.log(JSON.stringify({ generation, ...await measure(own, parents, parentScores) }));
}

async function measure(
  own: readonly ScoredCandidate[],
  parents: readonly Architecture[],
  parentScores: readonly CandidateScore[],
): Promise<Record<string, unknown>> {
  const alone: number[] = [];
  const timeAlone = async (): Promise<void> => {
    const { choices } = own[(alone.length * 7) % own.length];
    alone.push(await timed(() => plain.scoreAll([choices])));
  };
  let full = new Map<string, CandidateScore>();
  let stopped = new Map<string, CandidateScore>();
  await timeAlone();
  const treeMs = await timed(async () => full = await scoreGroups(plain, own, null));
  await timeAlone();
  const stopMs = parents.length === 0
    ? treeMs
    : await timed(async () => stopped = await scoreGroups(racing, own, parents));
  while (alone.length < Number(values.alone)) await timeAlone();
  const meanAloneMs = alone.reduce((sum, ms) => sum + ms, 0) / alone.length;
  const perHour = (ms: number): number => Math.round(3.6e6 * own.length / ms);
  return {
    candidates: own.length,
    blocksShare: ratio(blockRuns(own), own.length * own[0].choices.length),
    perHour: { alone: perHour(meanAloneMs * own.length), tree: perHour(treeMs), stop: perHour(stopMs) },
    speedUp: {
      tree: ratio(meanAloneMs * own.length, treeMs),
      stop: ratio(meanAloneMs * own.length, stopMs),
    },
    aloneSpread: ratio(Math.max(...alone), Math.min(...alone)),
    sameAsRecorded: own.filter((it) => scoreIn(full, it) === it.score).length,
    ...(parents.length === 0 ? {} : answer(own, parentScores, full, stopped)),
  };
}

/** What the early stop leaves of the answer. */
function answer(
  own: readonly ScoredCandidate[],
  parentScores: readonly CandidateScore[],
  full: ReadonlyMap<string, CandidateScore>,
  raced: ReadonlyMap<string, CandidateScore>,
): Record<string, unknown> {
  const least = Math.min(...parentScores.map((it) => "score" in it ? it.score : NaN));
  const stopped = own.filter((it) => "estimate" in raced.get(architectureKey(it.choices))!);
  const best = own.toSorted((a, b) => scoreIn(full, b) - scoreIn(full, a))[0];
  const images = own.map((it) => raced.get(architectureKey(it.choices))!);
  const all = config.search.scoreImages ?? data.val.samples.length;
  return {
    stopped: stopped.length,
    stoppedWrongly: stopped.filter((it) => scoreIn(full, it) > least).length,
    meanImages: ratio(images.reduce((sum, it) => sum + ("images" in it ? it.images : all), 0), own.length),
    allImages: all,
    kendallTau: kendallTau(own.map((it) => scoreIn(raced, it)), own.map((it) => scoreIn(full, it))),
    bestGoesOn: !stopped.includes(best),
    othersEqual: own.filter((it) => !stopped.includes(it)).every((it) =>
      scoreIn(raced, it) === scoreIn(full, it)
    ),
  };
}

async function scoreGroups(
  scoring: SupernetScoring,
  own: readonly ScoredCandidate[],
  rivals: readonly Architecture[] | null,
): Promise<Map<string, CandidateScore>> {
  const scores = new Map<string, CandidateScore>();
  for (const group of prefixGroups(own, groupCandidates)) {
    const outcomes = await scoring.scoreAll(group.map(({ choices }) => choices), rivals);
    group.forEach(({ choices }, i) => scores.set(architectureKey(choices), outcomes[i]));
  }
  return scores;
}

/** How many blocks a batch passes on the trees. */
function blockRuns(own: readonly ScoredCandidate[]): number {
  const prefixes = (group: readonly ScoredCandidate[]): Set<string> =>
    new Set(group.flatMap(({ choices }) => choices.map((_, i) => architectureKey(choices.slice(0, i + 1)))));
  return prefixGroups(own, groupCandidates).reduce((sum, group) => sum + prefixes(group).size, 0);
}

function scoreIn(scores: ReadonlyMap<string, CandidateScore>, { choices }: ScoredCandidate): number {
  const outcome = scores.get(architectureKey(choices))!;
  return "score" in outcome ? outcome.score : outcome.estimate;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function ratio(a: number, b: number): number {
  return Number((a / b).toFixed(3));
}

function recordedCandidates(runDir: string, config: Config): ScoredCandidate[] {
  using history = openHistory(`${runDir}/search.sqlite`, configHash(config), () => {});
  return history.all("evolution", 0).filter(isScored);
}

function withShare(config: Config, share: number): Config {
  const { recalibration, scoreImages } = config.search;
  if (share === 1) return config;
  const images = Math.max(recalibration.batchSize, Math.round(recalibration.images * share));
  const scored = scoreImages === null ? null : Math.round(scoreImages * share);
  return {
    ...config,
    search: { ...config.search, scoreImages: scored, recalibration: { ...recalibration, images } },
  };
}
