/**
 * Search by reinforcement learning: REINFORCE (Williams 1992) on a policy of independent per-block choices, in place
 * of the recurrent controller of Zoph and Le 2017.
 *
 * @module
 */

import { type CandidateRecord, isScored, type Proposal, type ScoredCandidate } from "./candidate.ts";
import { fillPlaces, generationPlaces } from "./filling.ts";
import {
  type ChoiceTable,
  logGradient,
  type Policy,
  policyDraws,
  softmax,
  uniformPolicy,
  updatePolicy,
} from "./policy.ts";
import { type Place, Proposer } from "./proposer.ts";
import {
  checkNumber,
  checkPositive,
  checkSearchOptions,
  type SearchOptions,
  type SearchSize,
  trialOf,
} from "./search_options.ts";

/** Size and learning of the search; a generation is the batch of one update. */
export interface ReinforceSettings extends SearchSize {
  /** About how far an update moves a logit (Adam). */
  readonly learningRate: number;
  /** Share that the old baseline keeps when a batch's mean score comes in. */
  readonly baselineMomentum: number;
  /** Weight of the policy's entropy in nats, in units of the score. */
  readonly entropyWeight: number;
}

/** What the search takes. */
export interface ReinforceOptions extends SearchOptions {
  /** Size and learning. */
  readonly settings: ReinforceSettings;
}

/** What is learned, batch by batch. */
interface Learner {
  readonly policy: Policy;
  /** Moving average of the batches' mean scores; null before the first. */
  readonly baseline: number | null;
}

/**
 * Searches by REINFORCE (Williams 1992) with a policy of independent choices, or goes on with the search in the history: slots recorded there are taken as they are.
 *
 * A generation's candidates are drawn from the policy; then its logits theta climb, by Adam,
 *
 *     1/N sum_n (score_n - baseline) d log pi(a_n) / d theta + entropyWeight d H(pi) / d theta
 *
 * over the N scored candidates that the policy drew. The baseline is the moving average of the mean scores of the
 * batches before; in the first batch it is that batch's own mean.
 *
 * Policy and baseline follow from the recorded candidates in the order of slots, so neither concurrency nor a stop
 * changes the result. Candidates over the budget, or tried before, are drawn again, which the gradient takes no
 * account of. After `maxAttempts` of them a candidate of the policy with one block changed takes the slot, or at last
 * a random one; these teach nothing, nor do failed ones.
 *
 * @param options Space, seed, settings, budget, history and the evaluation.
 * @throws {RangeError} If a setting is out of range or the budget admits too few architectures.
 * @throws The signal's reason, if it stops the search.
 * @returns All candidates of the run, population x generations, by generation and slot.
 */
export async function reinforce(options: ReinforceOptions): Promise<CandidateRecord[]> {
  const { settings, history } = options;
  checkReinforce(options);
  const proposer = new Proposer(options, "reinforce", settings.maxAttempts);
  let learner: Learner = { policy: uniformPolicy(options.space), baseline: null };
  for (let generation = 0; generation < settings.generations; generation++) {
    const draws = policyDraws(options.space, learner.policy);
    const propose = (place: Place): Proposal => proposer.propose(place, ...draws);
    const places = generationPlaces(generation, settings.population);
    const filled = await fillPlaces(options, "reinforce", places, propose);
    learner = learn(learner, filled.filter(isScored).filter((it) => it.origin === "policy"), settings);
  }
  return history.all("reinforce", trialOf(options));
}

function learn(learner: Learner, batch: readonly ScoredCandidate[], settings: ReinforceSettings): Learner {
  if (batch.length === 0) return learner;
  const { baselineMomentum, entropyWeight, learningRate } = settings;
  const mean = batch.reduce((sum, it) => sum + it.score, 0) / batch.length;
  const baseline = learner.baseline ?? mean;
  const gradient = lossGradient(learner.policy, batch, baseline, entropyWeight);
  return {
    policy: updatePolicy(learner.policy, gradient, learningRate),
    baseline: baselineMomentum * baseline + (1 - baselineMomentum) * mean,
  };
}

/** Of the negated objective, as the policy steps down. */
function lossGradient(
  { logits }: Policy,
  batch: readonly ScoredCandidate[],
  baseline: number,
  entropyWeight: number,
): ChoiceTable {
  return logits.map((blockLogits, block) => {
    const probabilities = softmax(blockLogits);
    const byCandidate = batch.map(({ choices, score }) =>
      logGradient(probabilities, choices[block]).map((it) => (score - baseline) * it)
    );
    return entropyGradient(probabilities).map((entropy, choice) => {
      const reward = byCandidate.reduce((sum, it) => sum + it[choice], 0) / batch.length;
      return -(reward + entropyWeight * entropy);
    });
  });
}

/** Of a block's entropy H = -sum p log p by its logits: -p (log p + H). */
function entropyGradient(probabilities: readonly number[]): number[] {
  const logs = probabilities.map((p) => Math.log(Math.max(p, Number.MIN_VALUE))); // p log p is 0 at p = 0
  const entropy = -probabilities.reduce((sum, p, choice) => sum + p * logs[choice], 0);
  return probabilities.map((p, choice) => -p * (logs[choice] + entropy));
}

function checkReinforce(options: ReinforceOptions): void {
  const { settings } = options;
  checkSearchOptions(options, settings);
  checkPositive("learningRate", settings.learningRate);
  checkNumber("entropyWeight", settings.entropyWeight, 0, Number.MAX_VALUE);
  const { baselineMomentum } = settings;
  if (baselineMomentum >= 0 && baselineMomentum < 1) return;
  throw new RangeError(
    `Cannot search as baselineMomentum must be at least 0 and below 1: it is ${baselineMomentum}`,
  );
}
