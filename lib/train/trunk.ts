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

/**
 * Walks the chain backward and disposes its passes.
 *
 * @param passes What {@linkcode trainTrunk} gave.
 * @param tapGradients Gradients of unit outputs by position in the chain, the last unit's among them; disposed.
 * @returns What changes each unit; the caller owns the tensors.
 */
export function backwardTrunk(
  runner: UnitRunner,
  passes: readonly UnitPass[],
  tapGradients: ReadonlyMap<number, Tensor>,
): UnitUpdate[] {
  const updates: UnitUpdate[] = [];
  let fromNext: Tensor | undefined;
  for (let i = passes.length - 1; i >= 0; i--) {
    const outputGradient = accumulated(fromNext, tapGradients.get(i));
    if (outputGradient === undefined) {
      throw new RangeError(`Cannot go backward through unit ${passes[i].unit.name}: nothing comes after it`);
    }
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
