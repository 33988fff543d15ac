/**
 * Each choice of each stage of the small space, by itself, at 32 images of 224 px: forward (inference) and forward and
 * backward (training), for the stage's first block (stride 2) and the later ones (stride 1). The rows give the time
 * of 32 images; images per second follow at the end, as the median over the same iterations.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { registerTensorFlow } from "../lib/engine/mod.ts";
import { blockUnit } from "../lib/models/block.ts";
import { batchNormEpsilon, localBatchNorm } from "../lib/nn/batch_norm.ts";
import type { Unit } from "../lib/nn/unit.ts";
import { blockLayers } from "../lib/space/block_layers.ts";
import { type BlockShape, blockShapes, choiceName, searchSpaces } from "../lib/space/search_space.ts";
import { NetworkState } from "../lib/train/network_state.ts";
import { disposePass, UnitRunner } from "../lib/train/unit_runner.ts";

const images = 32;
const imagePx = 224;
const warmup = 2; // the first compiles
const n = 8;
const seed = 0;

/** A row of the bench, with the times of its iterations. */
interface Row {
  readonly group: string;
  readonly name: string;
  readonly timesMs: number[];
}

const engine = await registerTensorFlow();
const runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
const space = searchSpaces.small;
const rows: Row[] = [];
for (const shape of blockShapes(space)) if (shape.indexInStage < 2) addBlock(shape);
globalThis.addEventListener("unload", printImagesPerSecond);

/** Rows of all choices of one block: a group forward, and one forward and backward. */
function addBlock(shape: BlockShape): void {
  const units = space.choices.map((choice) => blockUnit(choiceName(choice), blockLayers(choice, shape), 1));
  const state = new NetworkState(units, seed);
  const x = randomInput(shape);
  const where = `stage ${shape.stage + 1}, stride ${shape.stride}`;
  for (const unit of units) addRow(`${where}, forward`, unit.name, () => forward(unit, state, x));
  for (const unit of units) {
    addRow(`${where}, forward and backward`, unit.name, () => forwardBackward(unit, state, x));
  }
}

function addRow(group: string, name: string, run: () => void): void {
  const row: Row = { group, name, timesMs: [] };
  rows.push(row);
  Deno.bench({ group, name: `${group}: ${name}, ${images} images`, n, warmup }, (b) => {
    b.start();
    const startMs = performance.now();
    run();
    row.timesMs.push(performance.now() - startMs);
    b.end();
  });
}

function forward(unit: Unit, state: NetworkState, x: Tensor): void {
  const { parameters, statistics } = state.of(unit);
  const outputs = runner.infer(unit, parameters, statistics, [x]);
  waitFor(outputs[0]);
  tf.dispose(outputs);
}

/** The output serves as its own gradient, so that no time goes into making one. */
function forwardBackward(unit: Unit, state: NetworkState, x: Tensor): void {
  const pass = runner.train(unit, state.of(unit), [x], 1);
  const { inputs, parameters } = runner.backward(pass, pass.outputs);
  waitFor(inputs[0]);
  tf.dispose([...inputs, ...parameters, ...pass.moments]);
  disposePass(pass);
}

/** A GPU works on after the call has returned; reading one number waits for it. */
function waitFor(tensor: Tensor): void {
  const first = tf.slice(tensor, tensor.shape.map(() => 0), tensor.shape.map(() => 1));
  first.dataSync();
  first.dispose();
}

/** The block's input: after the stem's stride of 2 and those of the blocks before. One random image, repeated. */
function randomInput({ stage, stride, inChannels }: BlockShape): Tensor {
  const sidePx = imagePx >> (stage + (stride === 2 ? 1 : 2));
  return tf.tidy(() => {
    const one = tf.randomNormal([1, sidePx, sidePx, inChannels], 0, 1, "float32", seed);
    return tf.tile(one, [images, 1, 1, 1]);
  });
}

/** On stderr, so that `deno bench --json` stays JSON. */
function printImagesPerSecond(): void {
  console.error(
    `\nimages per second on ${engine.deviceName}, ${engine.threads} threads (median of ${n} times ${images} images)`,
  );
  for (const { group, name, timesMs } of rows) {
    const sorted = timesMs.slice(-n).sort((a, b) => a - b);
    if (sorted.length === 0) continue; // filtered out
    const perSecond = images * 1000 / sorted[sorted.length >> 1];
    console.error(`${group.padEnd(40)} ${name.padEnd(12)} ${perSecond.toFixed(0).padStart(8)}`);
  }
}
