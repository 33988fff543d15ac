/**
 * Search by gradients: architecture logits trained through single sampled paths, straight-through, as ProxylessNAS
 * (Cai, Zhu and Han 2019) and GDAS (Dong and Yang 2019) do.
 *
 * @module
 */

import { stream } from "../base/random.ts";
import type { Architecture } from "../space/architecture.ts";
import type { CandidateRecord, Proposal } from "./candidate.ts";
import { fillPlaces, generationPlaces } from "./filling.ts";
import {
  logGradient,
  type Policy,
  policyDraws,
  samplePath,
  softmax,
  uniformPolicy,
  updatePolicy,
} from "./policy.ts";
import { type Place, Proposer } from "./proposer.ts";
import {
  checkCount,
  checkPositive,
  checkSearchOptions,
  type SearchOptions,
  type SearchSize,
  trialOf,
} from "./search_options.ts";

/**
 * The supernet's loss on some training images under one path, derived by the gates of the sampled choices: each
 * block's output is multiplied by a gate of value 1. One number a block. It must be deterministic.
 *
 * @param choices The sampled path.
 * @param step Names the images; other steps should see others.
 */
export type GateGradients = (choices: Architecture, step: number) => Promise<readonly number[]>;

/** Size and learning of the search. */
export interface GradientSettings extends SearchSize {
  /** About how far a step moves a logit (Adam). */
  readonly learningRate: number;
  /** Steps before each candidate. */
  readonly stepsPerCandidate: number;
}

/** What the search takes. */
export interface GradientOptions extends SearchOptions {
  /** Size and learning. */
  readonly settings: GradientSettings;
  /** Where the gradients come from. */
  readonly gateGradients: GateGradients;
}

/**
 * Searches by gradients, or goes on with the search in the history: slots recorded there are taken as they are.
 *
 * Before each candidate the policy makes `stepsPerCandidate` steps. In one step a path s is drawn from the policy,
 * within the budget or not, and the logits theta of each block go down, by Adam,
 *
 *     dL/dtheta_j = (dL/dg_s) (delta_sj - p_j),    p = softmax(theta)
 *
 * This estimates ProxylessNAS's equation 4, sum_i (dL/dg_i) p_i (delta_ij - p_j), by its term of the sampled choice
 * over that choice's probability p_s, so that only one path is computed. Then the candidate is drawn from the policy,
 * and scored as every strategy's are: candidates are compared at equal numbers, the steps come on top.
 *
 * The steps look at no score, so a generation's are made before its candidates are scored, `concurrency` at a time.
 * After each generation the policy is kept in the history; a search that was stopped makes the steps of the unfinished
 * generation again and comes to the same. Steps in which a derivative is not finite change nothing. After
 * `maxAttempts` candidates over the budget or tried before, one of the policy with one block changed takes the slot,
 * or at last a random one.
 *
 * @param options Space, seed, settings, budget, history, the evaluation and the gradients.
 * @throws {RangeError} If a setting is out of range, the budget admits too few architectures, or there is not one
 * derivative a block.
 * @throws What `gateGradients` rejects with, and the signal's reason, if it stops the search.
 * @returns All candidates of the run, population x generations, by generation and slot.
 */
export async function gradientSearch(options: GradientOptions): Promise<CandidateRecord[]> {
  const { settings, history } = options;
  checkGradientSearch(options);
  const proposer = new Proposer(options, "gradient", settings.maxAttempts);
  const start = recallProgress(options);
  let { policy } = start;
  for (let { generation } = start; generation < settings.generations; generation++) {
    const places = generationPlaces(generation, settings.population);
    const policies = await trainPolicy(options, policy, places);
    const propose = (place: Place): Proposal =>
      proposer.propose(place, ...policyDraws(options.space, policies[place.slot]));
    await fillPlaces(options, "gradient", places, propose);
    policy = policies[policies.length - 1];
    rememberProgress(options, { generation: generation + 1, policy });
  }
  return history.all("gradient", trialOf(options));
}

/** Where a search stands: the generation to come, and the policy before it. */
interface Progress {
  readonly generation: number;
  readonly policy: Policy;
}

/** JSON keeps every bit of a finite number. */
function rememberProgress(options: GradientOptions, progress: Progress): void {
  options.history.remember(progressName(options), JSON.stringify(progress));
}

function recallProgress(options: GradientOptions): Progress {
  const text = options.history.recall(progressName(options));
  return text === undefined ? { generation: 0, policy: uniformPolicy(options.space) } : JSON.parse(text);
}

function progressName(options: GradientOptions): string {
  return `gradient, trial ${trialOf(options)}`;
}

/** Makes the steps of a generation's places; gives the policy at each. */
async function trainPolicy(
  options: GradientOptions,
  start: Policy,
  places: readonly Place[],
): Promise<Policy[]> {
  const { population, stepsPerCandidate } = options.settings;
  const policies: Policy[] = [];
  let policy = start;
  for (const { generation, slot } of places) {
    const first = (generation * population + slot) * stepsPerCandidate;
    for (let step = first; step < first + stepsPerCandidate; step++) {
      policy = await stepPolicy(options, policy, step);
    }
    policies.push(policy);
  }
  return policies;
}

async function stepPolicy(options: GradientOptions, policy: Policy, step: number): Promise<Policy> {
  options.signal?.throwIfAborted();
  const { settings, seed } = options;
  const trial = trialOf(options);
  const probabilities = policy.logits.map(softmax);
  const path = samplePath(probabilities, stream(seed, "gradient", trial, "path", step));
  const stepsPerTrial = settings.population * settings.generations * settings.stepsPerCandidate;
  const derivatives = await options.gateGradients(path, trial * stepsPerTrial + step);
  checkDerivatives(derivatives, path);
  if (!derivatives.every(Number.isFinite)) return policy;
  const gradient = probabilities.map((block, index) =>
    logGradient(block, path[index]).map((it) => derivatives[index] * it)
  );
  return updatePolicy(policy, gradient, settings.learningRate);
}

function checkDerivatives(derivatives: readonly number[], path: Architecture): void {
  if (derivatives.length === path.length) return;
  throw new RangeError(
    `Cannot learn from a path as there must be ${path.length} derivatives, one a block: ` +
      `there are ${derivatives.length}`,
  );
}

function checkGradientSearch(options: GradientOptions): void {
  const { settings } = options;
  checkSearchOptions(options, settings);
  checkPositive("learningRate", settings.learningRate);
  checkCount("stepsPerCandidate", settings.stepsPerCandidate);
}
