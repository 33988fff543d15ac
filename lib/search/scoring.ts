/**
 * Evaluates proposals, several at a time, and records each outcome at its place. So the history depends neither on how
 * many run at a time nor on which ends first.
 *
 * @module
 */

import { architectureKey } from "../space/architecture.ts";
import type { CandidateRecord, Proposal } from "./candidate.ts";
import type { SearchOptions } from "./search_options.ts";

/** Evaluations of one candidate before it is recorded as failed: faults of a worker are mostly gone the next time. */
export const maxEvaluations = 3;

/**
 * Evaluates and records proposals.
 *
 * @param options The search's evaluation, history, concurrency, signal, callback and clock.
 * @param proposals In the order that they are begun in; each is recorded as soon as it is finished.
 * @throws The signal's reason, once the evaluations under way have ended. What is not finished then is not recorded and
 * will be evaluated again. Likewise an error of the history or the callback.
 */
export async function scoreProposals(options: SearchOptions, proposals: readonly Proposal[]): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (next < proposals.length && failures.length === 0) {
      const candidate = await scoreProposal(options, proposals[next++]);
      options.history.record(candidate);
      options.onCandidate?.(candidate);
    }
  };
  const lanes = Array.from({ length: options.concurrency ?? 1 }, () => lane().catch((e) => failures.push(e)));
  await Promise.all(lanes);
  if (failures.length > 0) throw failures[0];
}

/** A score that another run got for these choices is taken over: the evaluation is deterministic. */
async function scoreProposal(options: SearchOptions, proposal: Proposal): Promise<CandidateRecord> {
  options.signal?.throwIfAborted();
  const known = options.history.findByChoices(architectureKey(proposal.choices));
  if (known) {
    return { ...proposal, status: "scored", score: known.score, reason: null, attempts: 0, elapsedMs: 0 };
  }
  return await evaluateProposal(options, proposal);
}

async function evaluateProposal(options: SearchOptions, proposal: Proposal): Promise<CandidateRecord> {
  const now = options.now ?? (() => performance.now());
  const start = now();
  let reason = "";
  for (let attempts = 1; attempts <= maxEvaluations; attempts++) {
    options.signal?.throwIfAborted();
    try {
      const score = await options.evaluate(proposal.choices);
      const elapsedMs = now() - start;
      if (Number.isFinite(score)) {
        return { ...proposal, status: "scored", score, reason: null, attempts, elapsedMs };
      }
      reason = `its score must be finite: it is ${score}`;
    } catch (error) {
      options.signal?.throwIfAborted(); // a stop is no failure of the candidate
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  const attempts = maxEvaluations;
  return { ...proposal, status: "failed", score: null, reason, attempts, elapsedMs: now() - start };
}
