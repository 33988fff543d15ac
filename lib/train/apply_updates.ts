/**
 * The end of a step: gradients become new parameters, for the units on the path and no others.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { clipFactor } from "../nn/sgd.ts";
import { loneWorker, type WorkerGroup } from "../nn/worker_group.ts";
import { sumGradients } from "./gradient_sum.ts";
import type { NetworkState } from "./network_state.ts";
import type { UnitRunner, UnitUpdate, UpdateSettings } from "./unit_runner.ts";

/**
 * Applies SGD and the batch's moments to the units of a step, and disposes the updates' tensors. With more than one
 * worker, all apply the sum of their gradients, and stay equal to the last bit.
 *
 * @param maxNorm Clips the gradient of all units together to this L2 norm; null leaves it.
 * @param group The workers of this step.
 */
export function applyUpdates(
  runner: UnitRunner,
  state: NetworkState,
  ownUpdates: readonly UnitUpdate[],
  learningRate: number,
  settings: UpdateSettings,
  maxNorm: number | null,
  group: WorkerGroup = loneWorker,
): void {
  const updates = sumGradients(group, ownUpdates);
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
