import { assert, assertEquals } from "@std/assert";
import { CandidateRace } from "../../lib/train/candidate_race.ts";
import { CandidateScorer } from "../../lib/train/candidate_scorer.ts";
import type { LoadedSet } from "../../lib/train/loaded_set.ts";
import type { Recalibration } from "../../lib/train/path_statistics.ts";
import { architectureKey } from "../../lib/space/architecture.ts";
import { useEngine } from "../helpers/engine.ts";
import { alive } from "../helpers/leaks.ts";
import {
  otherArchitecture,
  tinyArchitecture,
  tinyConfig,
  tinyDetectionBatch,
  tinyDetectionLoader,
  tinyDetectionSet,
  tinyDetector,
} from "../helpers/tiny_data.ts";

const engine = await useEngine();
const recalibration: Recalibration = { mode: "average", images: 8, batchSize: 4, momentum: 0.1 };
const settings = { confidence: 0.6, chunkImages: 8 };
const candidates = [tinyArchitecture, otherArchitecture, [0, 1, 2, 3, 3], [3, 2, 0, 1, 0], [1, 1, 1, 1, 1], [
  2,
  0,
  2,
  0,
  2,
]];

function loaded(split: string, count: number): LoadedSet {
  const set = tinyDetectionSet(split, count);
  return { set, loader: tinyDetectionLoader(set, 4) };
}

/** A detector that finds something, on some paths better than on others; 28 images to score on. */
async function withRaces(
  test: (race: () => CandidateRace, scorer: CandidateScorer, scoring: LoadedSet) => Promise<void>,
): Promise<void> {
  using network = tinyDetector(engine);
  const training = { ...tinyConfig.finetune, decayOn: "weights" } as const;
  const batch = await tinyDetectionBatch(4);
  for (let i = 0; i < 8; i++) {
    network.model.trainStep(network.state, batch, tinyArchitecture, i, 0.02, training);
  }
  const [calibration, scoring] = [loaded("train", 8), loaded("val", 28)];
  const indices = [...scoring.set.samples].map((_, i) => i);
  const scorer = new CandidateScorer(network.model, network.state, calibration, recalibration, 1);
  await test(() => new CandidateRace(scorer, scoring, indices, settings, 1), scorer, scoring);
  for (const { loader } of [calibration, scoring]) loader[Symbol.dispose]();
}

Deno.test("a race without rivals scores as without a race, to the bit", () =>
  withRaces(async (race, scorer, scoring) => {
    const all = [...scoring.set.samples].map((_, i) => i);
    const wanted = (await scorer.evaluateAll(candidates, scoring, all)).map(({ evaluation }) =>
      evaluation.summary.AP
    );
    assertEquals(await race().scoreAll(candidates, null), wanted.map((score) => ({ score })));
    assert(new Set(wanted).size > 3);
  }));

Deno.test("who is stopped, and where, depends on the candidate and its rivals alone, and those that reach the end score as ever", () =>
  withRaces(async (race) => {
    const full = await race().scoreAll(candidates, null) as { score: number }[];
    const scoreOf = new Map(candidates.map((choices, i) => [architectureKey(choices), full[i].score]));
    const ranked = candidates.toSorted((a, b) =>
      scoreOf.get(architectureKey(b))! - scoreOf.get(architectureKey(a))!
    );
    const [rivals, others] = [ranked.slice(0, 2), ranked.slice(2)];
    const together = await race().scoreAll(others, rivals);
    const stopped = together.filter((it) => "estimate" in it);
    assert(stopped.length > 0, JSON.stringify(together));
    for (const it of stopped) assert(it.images === 8 || it.images === 16 || it.images === 24, `${it.images}`);
    together.forEach((it, i) => {
      if ("score" in it) assertEquals(it.score, scoreOf.get(architectureKey(others[i])));
    });

    const familiar = race();
    await familiar.scoreAll(rivals, null);
    for (const [i, choices] of others.entries()) {
      assertEquals(await familiar.scoreAll([choices], rivals), [together[i]]);
    }
    assertEquals(await race().scoreAll(others.toReversed(), rivals), together.toReversed());
    const before = alive(engine);
    await familiar.scoreAll(others, rivals);
    assertEquals(alive(engine), before);
  }));
