/**
 * The end of a step: gradients become new parameters, for the units on the path and no others.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { clipFactor } from "../nn/sgd.ts";
import type { NetworkState } from "./network_state.ts";
import type { UnitRunner, UnitUpdate, UpdateSettings } from "./unit_runner.ts";

/**
 * Applies SGD and the batch's moments to the units of a step, and disposes the updates' tensors.
 *
 * @param maxNorm Clips the gradient of all units together to this L2 norm; null leaves it.
 */
export function applyUpdates(
  runner: UnitRunner,
  state: NetworkState,
  updates: readonly UnitUpdate[],
  learningRate: number,
  settings: UpdateSettings,
  maxNorm: number | null,
): void {
  const factor = tf.scalar(maxNorm === null ? 1 : clipFactor(gradientNorm(runner, updates), maxNorm));
  const rate = tf.scalar(learningRate);
  for (const update of updates) {
    const next = runner.update(update, state.of(update.unit), rate, factor, settings);
    [...next.parameters, ...next.slots, ...next.statistics].forEach((tensor) => tf.keep(tensor));
    state.replace(update.unit, next);
    tf.dispose([...update.gradients, ...update.moments]);
  }
  tf.dispose([factor, rate]);
}

/** L2 norm of all gradients as one vector. */
function gradientNorm(runner: UnitRunner, updates: readonly UnitUpdate[]): number {
  return Math.sqrt(updates.reduce((sum, update) => sum + runner.squaredNorm(update), 0));
}
