/**
 * The trunk is the chain of units on one path: stem, then one choice of each block. Forward keeps each unit's
 * pass; backward walks the same chain once, taking in gradients where other units tap it.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Supernet } from "../models/backbone.ts";
import type { Unit } from "../nn/unit.ts";
import type { Architecture } from "../space/architecture.ts";
import type { NetworkState } from "./network_state.ts";
import { disposePass, type UnitPass, type UnitRunner, type UnitUpdate } from "./unit_runner.ts";

/** The units of an architecture: the stem, then one choice of each block. Position b + 1 is block b. */
export function unitsOnPath({ stem, blocks }: Supernet, choices: Architecture): Unit[] {
  return [stem, ...choices.map((choice, block) => blocks[block][choice])];
}

/**
 * Runs the chain forward in training.
 *
 * @param units Stem and blocks, first to last.
 * @param images `[N, H, W, 3]` float32; stays the caller's.
 * @returns One pass a unit; {@linkcode backwardTrunk} disposes them.
 */
export function trainTrunk(
  runner: UnitRunner,
  state: NetworkState,
  units: readonly Unit[],
  images: Tensor,
): UnitPass[] {
  let x = images;
  return units.map((unit, i) => {
    const pass = runner.train(unit, state.of(unit), [x], i === 0 ? 0 : 1);
    x = pass.outputs[0];
    return pass;
  });
}

/** Told of each unit on the way back: its place in the chain, its output and the loss's gradient by it. */
export type OnOutputGradient = (position: number, output: Tensor, gradient: Tensor) => void;

/**
 * Collects how the loss would change if a block's output were scaled: the derivative by a gate of 1 that every block's
 * chosen operation is multiplied with, which is what architecture logits learn from (Cai et al. 2019, section 3.2).
 *
 * @param blocks How many; the chain is the stem and one unit each.
 */
export function gateGradients(
  blocks: number,
): { readonly gradients: Float64Array; readonly observe: OnOutputGradient } {
  const gradients = new Float64Array(blocks);
  return {
    gradients,
    observe(position, output, gradient): void {
      if (position === 0) return; // the stem is no choice
      gradients[position - 1] = tf.tidy(() => tf.sum(tf.mul(output, gradient)).dataSync()[0]);
    },
  };
}

/**
 * Walks the chain backward and disposes its passes.
 *
 * @param passes What {@linkcode trainTrunk} gave.
 * @param tapGradients Gradients of unit outputs by position in the chain, the last unit's among them; disposed.
 * @param observe Told of every unit before its turn.
 * @returns What changes each unit; the caller owns the tensors.
 */
export function backwardTrunk(
  runner: UnitRunner,
  passes: readonly UnitPass[],
  tapGradients: ReadonlyMap<number, Tensor>,
  observe: OnOutputGradient = () => {},
): UnitUpdate[] {
  const updates: UnitUpdate[] = [];
  let fromNext: Tensor | undefined;
  for (let i = passes.length - 1; i >= 0; i--) {
    const outputGradient = accumulated(fromNext, tapGradients.get(i));
    if (outputGradient === undefined) {
      throw new RangeError(`Cannot go backward through unit ${passes[i].unit.name}: nothing comes after it`);
    }
    observe(i, passes[i].outputs[0], outputGradient);
    const { inputs, parameters } = runner.backward(passes[i], [outputGradient]);
    outputGradient.dispose();
    updates.unshift({ unit: passes[i].unit, gradients: parameters, moments: passes[i].moments });
    disposePass(passes[i]);
    fromNext = inputs[0];
  }
  return updates;
}

/** The sum of what comes from the next unit and from a tap; consumes both. */
function accumulated(fromNext: Tensor | undefined, fromTap: Tensor | undefined): Tensor | undefined {
  if (fromNext === undefined || fromTap === undefined) return fromNext ?? fromTap;
  const sum = tf.add(fromNext, fromTap);
  tf.dispose([fromNext, fromTap]);
  return sum;
}
