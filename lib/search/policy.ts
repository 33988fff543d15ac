/**
 * A distribution over architectures that is learned: independent categorical choices, one softmax a block, whose
 * logits Adam moves.
 *
 * @module
 */

import type { RandomStream } from "../base/random.ts";
import type { Architecture } from "../space/architecture.ts";
import { blockCount, choiceCount, type SearchSpace } from "../space/search_space.ts";
import { mutateBlock } from "./operators.ts";
import type { Draw } from "./proposer.ts";

/** Numbers by block and choice. */
export type ChoiceTable = readonly (readonly number[])[];

/** The distribution, and what Adam knows of its gradients. Plain data: it comes back exactly from JSON. */
export interface Policy {
  /** A block's choice c has the probability exp(logit c) / sum of exp(logits). */
  readonly logits: ChoiceTable;
  /** Moving average of the gradient. */
  readonly mean: ChoiceTable;
  /** Moving average of the gradient's square. */
  readonly square: ChoiceTable;
  /** Updates so far. */
  readonly updates: number;
}

/** What DARTS and GDAS (Liu et al. 2019, Dong and Yang 2019) set Adam to for architecture logits. */
const adam = { meanDecay: 0.5, squareDecay: 0.999, epsilon: 1e-8 };

/** Every choice of every block alike. */
export function uniformPolicy(space: SearchSpace): Policy {
  const zeros = Array.from({ length: blockCount(space) }, () => Array<number>(choiceCount(space)).fill(0));
  return { logits: zeros, mean: zeros, square: zeros, updates: 0 };
}

/** Probabilities of one block's choices, by its logits. */
export function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Draws an architecture by each block's probabilities; one `uniform` draw a block. */
export function samplePath(probabilities: ChoiceTable, random: RandomStream): Architecture {
  return probabilities.map((block) => drawChoice(block, random.uniform()));
}

/**
 * How a policy's candidates are drawn: from it, and where it is so decided that nothing new comes, with one block
 * changed.
 */
export function policyDraws(space: SearchSpace, { logits }: Policy): Draw[] {
  const probabilities = logits.map(softmax);
  const draw = (random: RandomStream): Architecture => samplePath(probabilities, random);
  return [
    { origin: "policy", draw },
    { origin: "mutation", draw: (random) => mutateBlock(space, draw(random), random) },
  ];
}

/**
 * Gradient of the log-probability of an architecture's choice, by a block's logits: 1 at the choice less all
 * probabilities.
 */
export function logGradient(probabilities: readonly number[], choice: number): number[] {
  return probabilities.map((probability, it) => Number(it === choice) - probability);
}

/**
 * Steps down a gradient by Adam (Kingma and Ba 2015, algorithm 1).
 *
 * @param policy Where to start; it stays as it is.
 * @param gradient Of what is to become small, by the logits.
 * @param learningRate About how far a logit moves.
 */
export function updatePolicy(policy: Policy, gradient: ChoiceTable, learningRate: number): Policy {
  const { meanDecay, squareDecay, epsilon } = adam;
  const updates = policy.updates + 1;
  const mean = combine(policy.mean, gradient, (m, g) => meanDecay * m + (1 - meanDecay) * g);
  const square = combine(policy.square, gradient, (v, g) => squareDecay * v + (1 - squareDecay) * g * g);
  const step = combine(
    mean,
    square,
    (m, v) => m / (1 - meanDecay ** updates) / (Math.sqrt(v / (1 - squareDecay ** updates)) + epsilon),
  );
  const logits = combine(policy.logits, step, (logit, by) => logit - learningRate * by);
  return { logits, mean, square, updates };
}

/** The choice at which the running sum of probabilities exceeds a number of [0, 1). */
function drawChoice(probabilities: readonly number[], uniform: number): number {
  let sum = 0;
  const choice = probabilities.findIndex((probability) => (sum += probability) > uniform);
  return choice < 0 ? probabilities.length - 1 : choice; // rounding may leave the sum just below 1
}

function combine(a: ChoiceTable, b: ChoiceTable, each: (a: number, b: number) => number): number[][] {
  return a.map((row, block) => row.map((value, choice) => each(value, b[block][choice])));
}
