import { assert, assertEquals, assertLess } from "@std/assert";
import { architectureKey } from "../../lib/space/architecture.ts";
import {
  disposeStatistics,
  inheritedStatistics,
  inheritedTreeStatistics,
} from "../../lib/train/path_statistics.ts";
import { unitsOnPath } from "../../lib/train/trunk.ts";
import { supernet } from "../../lib/models/backbone.ts";
import { useEngine } from "../helpers/engine.ts";
import { alive } from "../helpers/leaks.ts";
import {
  bytesByName,
  movedTensors,
  mustMove,
  otherArchitecture,
  poison,
  tensorNames,
  tinyArchitecture,
  tinyClassificationBatch,
  tinyClassificationSettings,
  tinyClassifier,
  tinyConfig,
} from "../helpers/tiny_data.ts";

const engine = await useEngine();
const batch = await tinyClassificationBatch();

/** Names of the units that a path takes. */
function namesOnPath(choices: readonly number[]): string[] {
  return [...unitsOnPath(supernet(tinyConfig.space, 1), choices).map(({ name }) => name), "classifier"];
}

Deno.test("a step on class labels moves all weights and statistics on its path, and not one bit off it", () => {
  using network = tinyClassifier(engine);
  const { model, state, units } = network;
  model.trainStep(state, batch, otherArchitecture, 0, 0.1); // so that off the path are no first values only
  const before = bytesByName(state);
  model.trainStep(state, batch, tinyArchitecture, 1, 0.1);
  const onPath = units.filter(({ name }) => namesOnPath(tinyArchitecture).includes(name));
  assertEquals(onPath.length, 7);
  const moved = movedTensors(before, bytesByName(state));
  assertEquals(moved.filter((name) => !tensorNames(onPath, state).includes(name)), []);
  assertEquals(tensorNames(onPath, state).filter((name) => !moved.includes(name) && mustMove(name)), []);
});

Deno.test("the loss on one batch of labels falls when it is trained on again and again", () => {
  using network = tinyClassifier(engine);
  const losses = Array.from(
    { length: 12 },
    (_, step) => network.model.trainStep(network.state, batch, tinyArchitecture, step, 0.1),
  );
  assert(losses.every(Number.isFinite));
  assertLess(losses[11], 0.8 * losses[0], `losses ${losses}`);
});

Deno.test("a step on class labels is a pure function of state, batch, path, step and rate", () => {
  const trained = (step: number): Map<string, Uint8Array> => {
    using network = tinyClassifier(engine, { ...tinyClassificationSettings, dropout: 0.5 });
    network.model.trainStep(network.state, batch, tinyArchitecture, step, 0.1);
    return bytesByName(network.state);
  };
  assertEquals(trained(3), trained(3));
  assert(movedTensors(trained(3), trained(4)).length > 0, "dropout is drawn anew each step");
});

Deno.test("a loss on class labels that is not finite is given back, and the network stays as it was to the bit", () => {
  using network = tinyClassifier(engine);
  const { model, state, units } = network;
  poison(state, units[0]);
  const before = bytesByName(state);
  assertEquals(model.trainStep(state, batch, tinyArchitecture, 0, 0.1), NaN);
  assertEquals(bytesByName(state), before);
});

Deno.test("logits depend on running statistics, not on the other images of the batch", () => {
  using network = tinyClassifier(engine);
  const { model, state } = network;
  for (let step = 0; step < 3; step++) model.trainStep(state, batch, tinyArchitecture, step, 0.1);
  const statistics = inheritedStatistics(state, model.unitsOnPath(tinyArchitecture));
  const all = model.logits(state, batch, tinyArchitecture, statistics);
  assertEquals(all.length, 100);
  const bytes = batch.images.length / 10;
  const changed = { ...batch, images: batch.images.slice().fill(0, bytes) };
  const some = model.logits(state, changed, tinyArchitecture, statistics);
  disposeStatistics(statistics);
  assertEquals(some.slice(0, 10), all.slice(0, 10));
});

Deno.test("without statistics, logits are normalised by the batch: they depend on its other images, and not on the network's running statistics", () => {
  using network = tinyClassifier(engine);
  const { model, state } = network;
  const fresh = model.logits(state, batch, tinyArchitecture, null);
  const bytes = batch.images.length / 10;
  const changed = { ...batch, images: batch.images.slice().fill(0, bytes) };
  const other = model.logits(state, changed, tinyArchitecture, null);
  assert(String(other.slice(0, 10)) !== String(fresh.slice(0, 10)));
  const stored = state.toHost();
  for (const [name, { data }] of stored) if (/\.(mean|variance)$/.test(name)) (data as Float32Array).fill(7);
  state.fromHost(stored, { slots: true });
  assertEquals(model.logits(state, batch, tinyArchitecture, null), fresh);
});

Deno.test("gate gradients update nothing, depend on the path, and are not numbers where the loss is none", () => {
  using network = tinyClassifier(engine);
  const { model, state, units } = network;
  const before = bytesByName(state);
  const gradients = model.gateGradients(state, batch, tinyArchitecture, 0);
  assertEquals(gradients.length, 5);
  assert(gradients.every((gradient) => Number.isFinite(gradient) && gradient !== 0), `${gradients}`);
  assert(String(model.gateGradients(state, batch, otherArchitecture, 0)) !== String(gradients));
  assertEquals(bytesByName(state), before);
  poison(state, units[0]);
  assert(model.gateGradients(state, batch, tinyArchitecture, 0).every(Number.isNaN));
});

Deno.test("steps and inference on class labels leave nothing behind, finite or not", () => {
  const start = alive(engine);
  {
    using network = tinyClassifier(engine);
    const { model, state, units } = network;
    const work = (): void => {
      model.trainStep(state, batch, tinyArchitecture, 0, 0.01);
      const statistics = inheritedStatistics(state, model.unitsOnPath(tinyArchitecture));
      model.logits(state, batch, tinyArchitecture, statistics);
      disposeStatistics(statistics);
      model.logits(state, batch, tinyArchitecture, null);
      model.batchMoments(state, batch, tinyArchitecture);
      model.gateGradients(state, batch, tinyArchitecture, 0);
    };
    work();
    const before = alive(engine);
    for (let i = 0; i < 3; i++) work();
    assertEquals(alive(engine), before);
    poison(state, units[0]);
    assertEquals(model.trainStep(state, batch, tinyArchitecture, 0, 0.01), NaN);
    assertEquals(alive(engine).tensors, before.tensors);
  }
  assertEquals(alive(engine), start);
});

Deno.test("paths that share what they have in common give the moments and logits of each alone, to the bit", () => {
  using network = tinyClassifier(engine);
  const { model, state } = network;
  const candidates = [tinyArchitecture, [...tinyArchitecture.slice(0, 4), 2], otherArchitecture];
  const tree = model.prefixTree(candidates);
  const moments = model.treeMoments(state, batch, tree);
  const logits = model.treeLogits(state, batch, tree, inheritedTreeStatistics(model, state, tree));
  for (const choices of candidates) {
    const alone = model.batchMoments(state, batch, choices);
    const key = architectureKey(choices);
    const together = [...moments].filter(([prefix]) => key.startsWith(prefix)).flatMap(([, own]) => [...own]);
    assertEquals(
      together.map(([unit, values]) => [unit.name, values]),
      [...alone].map(([unit, values]) => [unit.name, values]),
    );
    const statistics = inheritedStatistics(state, model.unitsOnPath(choices));
    assertEquals(logits.get(key), model.logits(state, batch, choices, statistics));
  }
});
