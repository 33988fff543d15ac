import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { stream } from "../../lib/base/random.ts";
import type { CanvasDetections } from "../../lib/boxes/detections.ts";
import type { FasterRcnnConfig } from "../../lib/config/schema.ts";
import type { DetectionBatch } from "../../lib/data/sample.ts";
import { batchNormEpsilon, localBatchNorm } from "../../lib/nn/batch_norm.ts";
import { eagerCompiler } from "../../lib/nn/compiled.ts";
import type { DetectionLosses, RunUnit } from "../../lib/train/detector.ts";
import type { Device } from "../../lib/train/device.ts";
import { FasterRcnnDetector } from "../../lib/train/faster_rcnn_detector.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose } from "../helpers/close.ts";
import { onCpu, useEngine } from "../helpers/engine.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";
import { tinyTwoStageConfig } from "../helpers/tiny_data.ts";

const engine = await useEngine();
const config = tinyTwoStageConfig.detector as FasterRcnnConfig;

/** Two images on canvases of 64 x 64, of which they fill 64 x 48 and all. */
const batch: DetectionBatch = {
  images: new Uint8Array(0), // the detector sees levels alone
  shape: [2, 64, 64, 3],
  placements: [{ widthPx: 64, heightPx: 48, scaleX: 1, scaleY: 1 }, {
    widthPx: 64,
    heightPx: 64,
    scaleX: 1,
    scaleY: 1,
  }],
  boxesXyxy: [Float32Array.of(5, 6, 22, 24, 30, 10, 60, 40), Float32Array.of(20, 20, 44, 62)],
  classIndices: [Int32Array.of(0, 4), Int32Array.of(2)],
  ids: ["first", "second"],
};
const withoutObjects: DetectionBatch = {
  ...batch,
  boxesXyxy: [new Float32Array(0), new Float32Array(0)],
  classIndices: [new Int32Array(0), new Int32Array(0)],
};

/** The engine's stand-in: tfjs's `cpu` backend, op by op. */
const host: Device = {
  compiler: eagerCompiler,
  uploadImages: (images, shape) => tf.tensor(Float32Array.from(images), [...shape]),
};

function levels(): Tensor[] {
  return [16, 8, 4, 2, 1].map((side) =>
    tf.mul(normalTensor([2, side, side, config.channels], `P${side}`), 5)
  );
}

/** Runs a test on a detector as it is drawn, inside a tidy. */
function withDetector(
  device: Device,
  test: (detector: FasterRcnnDetector, state: NetworkState, runner: UnitRunner) => void,
  seed = 1,
): void {
  using runner = new UnitRunner(device.compiler, localBatchNorm(batchNormEpsilon));
  using detector = new FasterRcnnDetector({ device, runner, classes: 5, seed }, config);
  using state = new NetworkState(detector.units, 1);
  tf.tidy(() => test(detector, state, runner));
}

/** Losses and, on the host, all gradients of a step. */
function stepOn(
  device: Device,
  given = batch,
  step = 0,
  seed = 1,
): { losses: DetectionLosses; gradients: Float32Array[] } {
  let result: ReturnType<typeof stepOn>;
  withDetector(device, (detector, state) => {
    const { losses, gradients } = detector.train(state, levels(), given, step);
    const all = [
      ...gradients!.levels,
      ...gradients!.updates.flatMap((update) => [...update.gradients, ...update.moments]),
    ];
    result = { losses, gradients: all.map((x) => x.dataSync<"float32">().slice()) };
  }, seed);
  return result!;
}

function runOf(runner: UnitRunner, state: NetworkState): RunUnit {
  return (unit, inputs) => runner.infer(unit, state.of(unit).parameters, state.of(unit).statistics, inputs);
}

function detectOn(
  given = batch,
  change: (stored: ReturnType<NetworkState["toHost"]>) => void = () => {},
): CanvasDetections[] {
  let found: CanvasDetections[] = [];
  withDetector(engine, (detector, state, runner) => {
    const stored = state.toHost();
    change(stored);
    state.fromHost(stored, { slots: true });
    found = detector.detect(levels(), given, runOf(runner, state));
  });
  return found;
}

Deno.test("a traced step gives the losses and gradients of the same step run op by op on another backend", async () => {
  const actual = stepOn(engine);
  let wanted: ReturnType<typeof stepOn>;
  await onCpu(() => {
    wanted = stepOn(host);
    return [];
  });
  assertEquals(Object.keys(actual.losses.parts), [
    "objectnessLoss",
    "proposalBoxLoss",
    "classLoss",
    "boxLoss",
  ]);
  Object.entries(wanted!.losses.parts).forEach(([name, value]) => {
    assert(value > 0, name);
    assertAlmostEquals(actual.losses.parts[name], value, 1e-4, name);
  });
  assertEquals(actual.gradients.length, wanted!.gradients.length);
  actual.gradients.forEach((gradient, i) => {
    const largest = wanted.gradients[i].reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    assertClose(gradient, wanted.gradients[i], `gradient ${i}`, { relative: 0, absolute: 1e-3 * largest });
  });
});

/** Sets parameters to 0, which cuts a stage's gradient off from the levels. */
function silence(state: NetworkState, names: readonly string[]): void {
  const stored = state.toHost();
  for (const name of names) (stored.get(name)!.data as Float32Array).fill(0);
  state.fromHost(stored, { slots: true });
}

/** Compares the levels' gradients with differences of some losses along the gradients' own direction. */
function assertSlope(silenced: readonly string[], parts: readonly string[]): void {
  withDetector(engine, (detector, state) => {
    silence(state, silenced);
    const gradients = detector.train(state, levels(), batch, 0).gradients!.levels;
    const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)).dataSync()[0]);
    const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    const lossAt = (step: number): number => {
      const moved = levels().map((level, i) => tf.add(level, tf.mul(gradients[i], step / norm)));
      const { losses } = detector.train(state, moved, batch, 0);
      return parts.reduce((sum, part) => sum + losses.parts[part], 0);
    };
    assert(norm > 0, `${norm}`);
    assertClose([lossAt(0.5) - lossAt(-0.5)], [norm], "slope", { relative: 1e-2, absolute: 0 });
  });
}

Deno.test("the levels' gradients are those of the first stage's losses, where the second's is cut off", () =>
  assertSlope(["boxHead.class.weight", "boxHead.box.weight"], ["objectnessLoss", "proposalBoxLoss"]));

Deno.test("the levels' gradients are those of the second stage's losses, where the first proposes its anchors", () =>
  assertSlope(["proposalHead.object.weight", "proposalHead.box.weight"], ["classLoss", "boxLoss"]));

Deno.test("draws depend on seed, step and image, and on nothing else", () => {
  const losses = (step: number, seed: number): DetectionLosses => stepOn(engine, batch, step, seed).losses;
  assertEquals(losses(3, 1), losses(3, 1));
  assertNotEquals(losses(3, 1), losses(4, 1));
  assertNotEquals(losses(3, 1), losses(3, 2));
});

Deno.test("a batch without any object has losses and gradients, of background alone", () => {
  const { losses, gradients } = stepOn(engine, withoutObjects);
  assertEquals([losses.parts.proposalBoxLoss, losses.parts.boxLoss], [0, 0]);
  assert(losses.parts.objectnessLoss > 0 && losses.parts.classLoss > 0);
  assert(gradients.every((gradient) => gradient.every(Number.isFinite)));
});

Deno.test("visit() runs both stages on what step 0 trains them on", () => {
  withDetector(engine, (detector, state, runner) => {
    const wanted = detector.train(state, levels(), batch, 0).gradients!.updates.flatMap(({ moments }) =>
      moments
    );
    const seen: Tensor[] = [];
    detector.visit(levels(), batch, (unit, inputs) => {
      const { outputs, moments } = runner.normaliseByBatch(unit, state.of(unit), inputs);
      seen.push(...moments);
      return outputs;
    });
    assertEquals(seen.length, 2 * config.boxHead.convs);
    seen.forEach((moment, i) => assertClose(moment, wanted[i].dataSync(), `moment ${i}`));
  });
});

Deno.test("detections lie within their image, best first, no more than asked for", () => {
  const found = detectOn();
  assertEquals(found.length, 2);
  found.forEach(({ boxesXyxy, scores, classIndices }, i) => {
    const { widthPx, heightPx } = batch.placements[i];
    assert(scores.length > 0 && scores.length <= config.maxDetections);
    assertEquals([...scores], [...scores].sort((a, b) => b - a));
    assert(classIndices.every((index) => index >= 0 && index < 5));
    for (let at = 0; at < boxesXyxy.length; at += 4) {
      const [x1, y1, x2, y2] = boxesXyxy.subarray(at, at + 4);
      assert(x1 >= 0 && y1 >= 0 && x2 <= widthPx && y2 <= heightPx && x1 < x2 && y1 < y2);
    }
  });
});

Deno.test("detection does not look at the objects, nor at the other images of a batch", () => {
  const found = detectOn();
  assertEquals(detectOn(withoutObjects), found);
  const moved = { ...batch, placements: [batch.placements[0], batch.placements[0]] };
  assertEquals(detectOn(moved)[0], found[0]);
  assertNotEquals(detectOn(moved)[1], found[1]);
});

Deno.test("a proposal that leads nowhere but to background is no detection", () => {
  const found = detectOn(batch, (stored) => {
    (stored.get("boxHead.class.bias")!.data as Float32Array).set([-90, -90, -90, -90, -90, 90]);
  });
  assertEquals(found.map(({ scores }) => scores.every((score) => score < 1e-6)), [true, true]);
});

Deno.test("a step leaves nothing behind but what its tidy disposes", () => {
  using runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
  using detector = new FasterRcnnDetector({ device: engine, runner, classes: 5, seed: 1 }, config);
  using state = new NetworkState(detector.units, 1);
  assertNoLeaks(engine, () => {
    tf.tidy(() => {
      detector.train(state, levels(), batch, stream(1, "step").integer(9));
      detector.detect(levels(), batch, runOf(runner, state));
    });
  }, 3);
});
