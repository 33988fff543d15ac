/**
 * Whether tensors and functions are given back.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "../../lib/engine/mod.ts";

/** What is alive. */
export interface Alive {
  /** tfjs's tensors. */
  readonly tensors: number;
  /** TensorFlow's handles. */
  readonly handles: number;
  /** Compiled functions. */
  readonly functions: number;
}

/** Counts what is alive now. */
export function alive(engine: Engine): Alive {
  return {
    tensors: tf.memory().numTensors,
    handles: engine.liveTensors(),
    functions: engine.compiler.liveFunctions,
  };
}

/**
 * Asserts that a function leaves as much alive as there was. It runs once beforehand, as a tensor gets its handle
 * at its first use.
 *
 * @param times How often it runs between the two counts.
 */
export function assertNoLeaks(engine: Engine, f: () => void, times = 10): void {
  f();
  const before = alive(engine);
  for (let i = 0; i < times; i++) f();
  assertEquals(alive(engine), before);
}
