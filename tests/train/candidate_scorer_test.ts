import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { toDetections } from "../../lib/eval/detection.ts";
import { CandidateScorer, type Evaluated, someIndices } from "../../lib/train/candidate_scorer.ts";
import type { LoadedSet } from "../../lib/train/loaded_set.ts";
import type { Recalibration } from "../../lib/train/path_statistics.ts";
import { openDetectorScoring, openSupernetScoring } from "../../lib/train/scoring.ts";
import type { Architecture } from "../../lib/space/architecture.ts";
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
  tinyTwoStageConfig,
} from "../helpers/tiny_data.ts";

const engine = await useEngine();
const average: Recalibration = { mode: "average", images: 8, batchSize: 4, momentum: 0.1 };
const moving: Recalibration = { ...average, mode: "moving" };
const inherited: Recalibration = { ...average, mode: "inherited" };
const byBatch: Recalibration = { ...average, mode: "batch" };
const modes = [average, moving, inherited, byBatch];

function loaded(split: string, count: number): LoadedSet {
  const set = tinyDetectionSet(split, count);
  return { set, loader: tinyDetectionLoader(set, 4) };
}

/** A detector that has trained for a few steps, so that it finds something, and scorers over it. */
async function withScorers(
  test: (
    score: (recalibration: Recalibration, ...candidates: readonly Architecture[]) => Promise<Evaluated[]>,
    network: ReturnType<typeof tinyDetector>,
    scoring: LoadedSet,
  ) => Promise<void>,
  config = tinyConfig,
): Promise<void> {
  using network = tinyDetector(engine, null, config);
  const settings = { ...tinyConfig.finetune, decayOn: "weights" } as const;
  const batch = await tinyDetectionBatch(4);
  for (let i = 0; i < 4; i++) {
    network.model.trainStep(network.state, batch, tinyArchitecture, i, 0.02, settings);
    network.model.trainStep(network.state, batch, otherArchitecture, i, 0.02, settings);
  }
  const [calibration, scoring] = [loaded("train", 12), loaded("val", 6)];
  const scorers = new Map(modes.map((recalibration) => [
    recalibration,
    new CandidateScorer(network.model, network.state, calibration, recalibration, 1),
  ]));
  const indices = [...scoring.set.samples].map((_, i) => i);
  await test(
    async (recalibration, ...candidates) =>
      await scorers.get(recalibration)!.evaluateAll(candidates, scoring, indices),
    network,
    scoring,
  );
  for (const { loader } of [calibration, scoring]) loader[Symbol.dispose]();
}

Deno.test("nothing is carried from one candidate to the next: A, B, A scores A the same to the bit", () =>
  withScorers(async (score) => {
    for (const recalibration of [average, moving]) {
      const first = await score(recalibration, tinyArchitecture);
      const other = await score(recalibration, otherArchitecture);
      assertNotEquals(other, first);
      assertEquals(await score(recalibration, tinyArchitecture), first);
    }
  }));

/** Trees of every form: all apart, apart at the last block, at each block in turn, and two the same. */
const families: readonly (readonly Architecture[])[] = [
  [tinyArchitecture, otherArchitecture],
  [[0, 1, 2, 3, 0], [0, 1, 2, 3, 1], [0, 1, 2, 3, 3]],
  [[1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 2, 1, 1, 1], [1, 1, 1, 3, 1], [0, 1, 1, 1, 1], [1, 1, 1, 1, 0]],
  [tinyArchitecture, otherArchitecture, tinyArchitecture],
];

for (const [name, config] of [["RetinaNet", tinyConfig], ["Faster R-CNN", tinyTwoStageConfig]] as const) {
  Deno.test(`${name}: candidates that share what they have in common are scored as each alone, to the bit, in every mode`, () =>
    withScorers(async (score) => {
      for (const mode of modes) {
        for (const family of families) {
          const alone = [];
          for (const choices of family) alone.push(...await score(mode, choices));
          assertEquals(await score(mode, ...family), alone, mode.mode);
          assertEquals(await score(mode, ...family.toReversed()), alone.toReversed(), mode.mode);
        }
      }
    }, config));
}

Deno.test("average and moving statistics are measured anew; inherited ones are the network's running statistics", () =>
  withScorers(async (score, { model, state, units }, { loader }) => {
    const before = new Map<Recalibration, unknown>();
    for (const mode of modes) before.set(mode, await score(mode, tinyArchitecture));
    assertNotEquals(before.get(average), before.get(moving));

    const stored = state.toHost();
    for (const [name, { data }] of stored) if (name.endsWith(".mean")) (data as Float32Array).fill(3);
    state.fromHost(stored, { slots: true });
    assertEquals(await score(average, tinyArchitecture), before.get(average));
    assertEquals(await score(moving, tinyArchitecture), before.get(moving));
    const [changed] = await score(inherited, tinyArchitecture);
    assertNotEquals([changed], before.get(inherited));

    const running = new Map(units.map((unit) => [unit, state.of(unit).statistics]));
    const wanted = [];
    for await (const { batch, validCount } of loader.evaluationBatches()) {
      const found = model.detect(state, running, batch, tinyArchitecture).slice(0, validCount);
      wanted.push(...found.flatMap((it, i) => toDetections(batch.ids[i], it, batch.placements[i])));
    }
    assertEquals(changed.detections, wanted);
  }));

Deno.test("scoring leaves no tensor behind, in any mode, and none when it fails", () =>
  withScorers(async (score, { model, state }, scoring) => {
    for (const mode of modes) await score(mode, tinyArchitecture);
    const before = alive(engine);
    for (const mode of modes) await score(mode, tinyArchitecture);
    assertEquals(alive(engine), before);

    const calibration = loaded("train", 12);
    const broken: LoadedSet = {
      set: scoring.set,
      loader: Object.create(scoring.loader, {
        evaluationBatches: {
          value: () => {
            throw new RangeError("broken image");
          },
        },
      }),
    };
    const scorer = new CandidateScorer(model, state, calibration, average, 1);
    let message = "";
    await scorer.evaluateAll([tinyArchitecture], broken, [0]).catch((error) => message = error.message);
    assertEquals(message, "broken image");
    assertEquals(alive(engine), before);
    calibration.loader[Symbol.dispose]();
  }));

Deno.test("a supernet and a retrained detector opened for scoring are gone when disposed, and score the same again", async () => {
  const start = alive(engine);
  const [train, val, test] = ["train", "val", "test"].map((split) => tinyDetectionSet(split, 8));
  const data = { layout: "shapes" as const, train, val, test, version: "shapes", skipped: [], notes: [] };
  using network = tinyDetector(engine);
  const weights = network.state.toHost();
  network[Symbol.dispose]();

  const scores: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    using supernet = openSupernetScoring(engine, tinyConfig, data, weights, average);
    scores.push(await supernet.scoreAll([tinyArchitecture]));
  }
  assertEquals(scores[0], scores[1]);
  assertEquals(alive(engine), start);

  const found: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    using detector = openDetectorScoring(engine, tinyConfig, 5, tinyArchitecture, weights);
    found.push((await detector.evaluate(test)).detections);
  }
  assertEquals(found[0], found[1]);
  assertEquals(alive(engine), start);
});

Deno.test("someIndices() is a fixed choice for a seed and a purpose, ascending and without repeats", () => {
  const set = tinyDetectionSet("train", 30);
  const chosen = someIndices(1, "score", set, 10);
  assertEquals(chosen, [...new Set(chosen)].sort((a, b) => a - b));
  assertEquals(chosen.length, 10);
  assert(chosen.every((index) => index >= 0 && index < 30));
  assertEquals(someIndices(1, "score", set, 10), chosen);
  assertNotEquals(someIndices(2, "score", set, 10), chosen);
  assertNotEquals(someIndices(1, "recalibration", set, 10), chosen);
  assertEquals(someIndices(1, "score", set, null).length, 30);
  assertEquals(someIndices(1, "score", set, 31).length, 30);
});
