/**
 * Stochastic gradient descent with momentum, as a pure function from tensors to tensors, so that it can be
 * compiled and so that whoever is not passed in can't move.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ParameterSpec } from "./unit.ts";

/** What stays the same over a training by SGD with momentum, as PyTorch's: v = momentum v + g, w = w - rate v. */
export interface SgdSettings {
  /** How much of a slot stays at each step, 0 to below 1. */
  readonly momentum: number;
  /** Added to the gradient, times the parameter. */
  readonly weightDecay: number;
  /**
   * What weight decay applies to. "matrices": tensors of more than one dimension, the ImageNet recipe.
   * "weights": all but biases and batch norm's shifts, the detection recipe (maskrcnn-benchmark takes whatever
   * is called "bias", which a batch norm's shift is there, and decays its scale).
   */
  readonly decayOn: "matrices" | "weights";
  /** Learning rate of biases and batch norm's shifts over that of the others: 2 in the detection recipe, else 1. */
  readonly biasLearningRateFactor: number;
}

/** One parameter's factors under some settings. */
export interface ParameterRule {
  /** 0 where none applies. */
  readonly weightDecay: number;
  /** Over the schedule's rate. */
  readonly learningRateFactor: number;
}

/** Parameters and their slots (momentum), in the same order. */
export interface SgdState {
  /** The trainable tensors. */
  readonly parameters: Tensor[];
  /** Their momentum, of the same shapes. */
  readonly slots: Tensor[];
}

/** Which decay and learning rate a parameter gets: the one place where the two recipes differ. */
export function parameterRule(spec: ParameterSpec, settings: SgdSettings): ParameterRule {
  const isBias = spec.role === "bias" || spec.role === "bnShift";
  const decays = settings.decayOn === "matrices" ? spec.shape.length > 1 : !isBias;
  return {
    weightDecay: decays ? settings.weightDecay : 0,
    learningRateFactor: isBias ? settings.biasLearningRateFactor : 1,
  };
}

/**
 * One step, as PyTorch's (momentum without dampening): v' = m v + g + d w, w' = w - r v'.
 *
 * @param specs What the parameters are.
 * @param state The parameters and slots before, in the specs' order; slots start at zero.
 * @param gradients In the same order.
 * @param learningRate r, a scalar float32 tensor, so that a compiled step serves any rate.
 * @param settings m, d and who they apply to.
 * @returns The parameters and slots after: new tensors, the caller's.
 */
export function sgdUpdate(
  specs: readonly ParameterSpec[],
  state: SgdState,
  gradients: readonly Tensor[],
  learningRate: Tensor,
  settings: SgdSettings,
): SgdState {
  const rules = specs.map((spec) => parameterRule(spec, settings));
  // One tensor for each number, not one for each use: traced, they would be as many constants.
  const [momentum, decay] = [tf.scalar(settings.momentum), tf.scalar(settings.weightDecay)];
  const rates = ratesOf(learningRate, rules);
  const slots = state.slots.map((slot, i) => {
    const gradient = gradients[i];
    const decayed = rules[i].weightDecay === 0
      ? gradient
      : tf.add(gradient, tf.mul(state.parameters[i], decay));
    return tf.add(tf.mul(slot, momentum), decayed);
  });
  const parameters = state.parameters.map((parameter, i) => tf.sub(parameter, tf.mul(slots[i], rates[i])));
  return { parameters, slots };
}

/** Each parameter's learning rate; equal ones are one tensor. */
function ratesOf(learningRate: Tensor, rules: readonly ParameterRule[]): Tensor[] {
  const rates = new Map([[1, learningRate]]);
  return rules.map(({ learningRateFactor: factor }) => {
    const rate = rates.get(factor) ?? tf.mul(learningRate, factor);
    rates.set(factor, rate);
    return rate;
  });
}

/** The squared L2 norm of tensors taken as one vector, a scalar tensor; the caller's. */
export function squaredNorm(tensors: readonly Tensor[]): Tensor {
  return tf.addN(tensors.map((tensor) => tf.sum(tf.square(tensor))));
}

/**
 * What gradients are multiplied by so that their norm is at most `maxNorm`: PyTorch's `clip_grad_norm_`.
 *
 * @param norm The L2 norm of all gradients together.
 * @param maxNorm Above 0.
 */
export function clipFactor(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
