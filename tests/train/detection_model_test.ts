import { assertAlmostEquals, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Unit } from "../../lib/nn/unit.ts";
import { inheritedStatistics } from "../../lib/train/path_statistics.ts";
import type { DetectionModel } from "../../lib/train/detection_model.ts";
import type { NetworkState } from "../../lib/train/network_state.ts";
import { assertClose } from "../helpers/close.ts";
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
  tinyConfig,
  tinyDetectionBatch,
  tinyDetector,
  tinyTwoStageConfig,
} from "../helpers/tiny_data.ts";

const engine = await useEngine();
const batch = await tinyDetectionBatch(4);
const settings = { ...tinyConfig.finetune, decayOn: "weights" } as const;

function detect(model: DetectionModel, state: NetworkState, choices: readonly number[]): unknown {
  const statistics = inheritedStatistics(state, model.unitsOnPath(choices));
  try {
    return model.detect(state, statistics, batch, choices);
  } finally {
    for (const tensors of statistics.values()) tf.dispose([...tensors]);
  }
}

function statisticsOf(state: NetworkState, units: readonly Unit[]): Float32Array[][] {
  return units.map((unit) => state.of(unit).statistics.map((tensor) => tensor.dataSync<"float32">().slice()));
}

const detectors = [
  { name: "RetinaNet", config: tinyConfig, detectorUnits: 2, parts: ["classLoss", "boxLoss"] },
  {
    name: "Faster R-CNN",
    config: tinyTwoStageConfig,
    detectorUnits: 3,
    parts: ["objectnessLoss", "proposalBoxLoss", "classLoss", "boxLoss"],
  },
];

for (const { name, config, detectorUnits, parts } of detectors) {
  Deno.test(`${name}: a step on boxes moves all weights and statistics on its path, and not one bit off it`, () => {
    using network = tinyDetector(engine, null, config);
    const { model, state, units } = network;
    model.trainStep(state, batch, otherArchitecture, 0, 0.02, settings);
    const before = bytesByName(state);
    model.trainStep(state, batch, tinyArchitecture, 0, 0.02, settings);
    const names = model.unitsOnPath(tinyArchitecture).map(({ name }) => name);
    const onPath = units.filter(({ name }) => names.includes(name));
    assertEquals(onPath.length, 6 + detectorUnits); // with the stem and five blocks
    const moved = movedTensors(before, bytesByName(state));
    assertEquals(moved.filter((name) => !tensorNames(onPath, state).includes(name)), []);
    assertEquals(tensorNames(onPath, state).filter((name) => !moved.includes(name) && mustMove(name)), []);
  });

  Deno.test(`${name}: the loss on one batch of boxes falls when it is trained on again and again`, () => {
    using network = tinyDetector(engine, null, config);
    const losses = Array.from(
      { length: 12 },
      () => network.model.trainStep(network.state, batch, tinyArchitecture, 0, 0.02, settings),
    );
    for (const { loss, parts: own } of losses) {
      assertEquals(Object.keys(own), parts);
      assertAlmostEquals(Object.values(own).reduce((sum, part) => sum + part), loss, 1e-4 * loss);
    }
    assertLess(losses[11].loss, 0.8 * losses[0].loss, JSON.stringify(losses));
  });

  Deno.test(`${name}: a step on boxes gives the same bits each time`, () => {
    const trained = (): Map<string, Uint8Array> => {
      using network = tinyDetector(engine, null, config);
      for (let i = 0; i < 2; i++) {
        network.model.trainStep(network.state, batch, tinyArchitecture, 0, 0.02, settings);
      }
      return bytesByName(network.state);
    };
    assertEquals(trained(), trained());
  });

  Deno.test(`${name}: units that are left out of the network make no difference to the path's`, () => {
    const trained = (only: readonly number[] | null): Map<string, Uint8Array> => {
      using network = tinyDetector(engine, only, config);
      network.model.trainStep(network.state, batch, tinyArchitecture, 0, 0.02, settings);
      return bytesByName(network.state);
    };
    const [whole, part] = [trained(null), trained(tinyArchitecture)];
    assertLess(part.size, whole.size);
    for (const [name, bytes] of part) assertEquals(bytes, whole.get(name), name);
  });

  Deno.test(`${name}: clipping brings the gradient of all units together to its norm, and leaves a smaller one as it is`, () => {
    const stepOf = (clipGradientNorm: number | null): { norm: number; state: Map<string, Uint8Array> } => {
      using network = tinyDetector(engine, tinyArchitecture, config);
      const { model, state } = network;
      model.trainStep(state, batch, tinyArchitecture, 0, 0.02, {
        ...settings,
        weightDecay: 0,
        clipGradientNorm,
      });
      const slots = [...state.toHost()].filter(([name]) => name.endsWith(".momentum"));
      const squares = slots.flatMap(([, { data }]) =>
        Array.from(data as Float32Array, (value) => value ** 2)
      );
      return { norm: Math.sqrt(squares.reduce((sum, square) => sum + square, 0)), state: bytesByName(state) };
    };
    const free = stepOf(null);
    assertGreater(free.norm, 0.5);
    assertClose([stepOf(0.25).norm], [0.25], "norm");
    assertEquals(stepOf(2 * free.norm).state, free.state);
  });

  Deno.test(`${name}: a loss on boxes that is not finite is given back, and the network stays as it was to the bit`, () => {
    using network = tinyDetector(engine, null, config);
    const { model, state, units } = network;
    poison(state, units[0]);
    const before = bytesByName(state);
    assertEquals(model.trainStep(state, batch, tinyArchitecture, 0, 0.02, settings).loss, NaN);
    assertEquals(bytesByName(state), before);
  });

  Deno.test(`${name}: batchMoments() are the moments by which training moves the running statistics`, () => {
    using network = tinyDetector(engine, null, config);
    const { model, state } = network;
    const moments = model.batchMoments(state, batch, tinyArchitecture);
    const units = model.unitsOnPath(tinyArchitecture);
    assertEquals([...moments.keys()].map(({ name }) => name), units.map(({ name }) => name));
    const before = statisticsOf(state, units);
    model.trainStep(state, batch, tinyArchitecture, 0, 0.02, { ...settings, bnMomentum: 1 });
    const after = statisticsOf(state, units);
    units.forEach((unit, u) => {
      assertEquals(after[u].length, before[u].length);
      moments.get(unit)!.forEach((wanted, i) => assertClose(after[u][i], wanted, `${unit.name} ${i}`));
    });
  });

  Deno.test(`${name}: steps, moments and detection leave nothing behind, finite or not`, () => {
    const start = alive(engine);
    {
      using network = tinyDetector(engine, null, config);
      const { model, state, units } = network;
      const work = (): void => {
        model.trainStep(state, batch, tinyArchitecture, 0, 0.001, settings);
        model.batchMoments(state, batch, tinyArchitecture);
        detect(model, state, tinyArchitecture);
      };
      work();
      const before = alive(engine);
      for (let i = 0; i < 3; i++) work();
      assertEquals(alive(engine), before);
      poison(state, units[0]);
      assertEquals(model.trainStep(state, batch, tinyArchitecture, 0, 0.02, settings).loss, NaN);
      assertEquals(alive(engine).tensors, before.tensors);
    }
    assertEquals(alive(engine), start);
  });
}

Deno.test("a detector is refused on levels that leave the last stage's blocks without a gradient", () => {
  const detector = { ...tinyConfig.detector, levels: [3, 4] as [number, number] };
  assertThrows(
    () => tinyDetector(engine, null, { ...tinyConfig, detector }),
    RangeError,
    "Cannot put a detector on the pyramid as its levels must include the last stage's, 5: they end at 4",
  );
});
