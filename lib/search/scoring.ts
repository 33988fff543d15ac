/**
 * Evaluates proposals, several at a time, and records each outcome at its place. So the history depends neither on how
 * many run at a time nor on which ends first.
 *
 * @module
 */

import { type Architecture, architectureKey } from "../space/architecture.ts";
import type { CandidateRecord, Proposal } from "./candidate.ts";
import type { SearchOptions, StoppedScore } from "./search_options.ts";

/** Evaluations of one candidate before it is recorded as failed: faults of a worker are mostly gone the next time. */
export const maxEvaluations = 3;

/**
 * Evaluates and records proposals.
 *
 * @param options The search's evaluation, history, concurrency, signal, callback and clock.
 * @param proposals In the order that they are begun in; each is recorded as soon as it is finished.
 * @param rivals Those that an evaluation may stop early by, see `Evaluate`.
 * @throws The signal's reason, once the evaluations under way have ended. What is not finished then is not recorded and
 * will be evaluated again. Likewise an error of the history or the callback.
 */
export async function scoreProposals(
  options: SearchOptions,
  proposals: readonly Proposal[],
  rivals: readonly Architecture[] | null,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (next < proposals.length && failures.length === 0) {
      const candidate = await scoreProposal(options, proposals[next++], rivals);
      options.history.record(candidate);
      options.onCandidate?.(candidate);
    }
  };
  const lanes = Array.from({ length: options.concurrency ?? 1 }, () => lane().catch((e) => failures.push(e)));
  await Promise.all(lanes);
  if (failures.length > 0) throw failures[0];
}

/** A score that another run got for these choices is taken over: the evaluation is deterministic. */
async function scoreProposal(
  options: SearchOptions,
  proposal: Proposal,
  rivals: readonly Architecture[] | null,
): Promise<CandidateRecord> {
  options.signal?.throwIfAborted();
  const known = options.history.findByChoices(architectureKey(proposal.choices));
  if (known) {
    const { score } = known;
    return { ...proposal, status: "scored", score, images: null, reason: null, attempts: 0, elapsedMs: 0 };
  }
  return await evaluateProposal(options, proposal, rivals);
}

async function evaluateProposal(
  options: SearchOptions,
  proposal: Proposal,
  rivals: readonly Architecture[] | null,
): Promise<CandidateRecord> {
  const now = options.now ?? (() => performance.now());
  const start = now();
  let reason = "";
  for (let attempts = 1; attempts <= maxEvaluations; attempts++) {
    options.signal?.throwIfAborted();
    try {
      const outcome = outcomeOf(await options.evaluate(proposal.choices, rivals));
      const { score } = outcome;
      if (Number.isFinite(score)) {
        return { ...proposal, ...outcome, reason: null, attempts, elapsedMs: now() - start };
      }
      reason = `its score must be finite: it is ${score}`;
    } catch (error) {
      options.signal?.throwIfAborted(); // a stop is no failure of the candidate
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  const attempts = maxEvaluations;
  const none = { status: "failed", score: null, images: null } as const;
  return { ...proposal, ...none, reason, attempts, elapsedMs: now() - start };
}

function outcomeOf(score: number | StoppedScore): Pick<CandidateRecord, "status" | "score" | "images"> {
  if (typeof score === "number") return { status: "scored", score, images: null };
  return { status: "stopped", score: score.estimate, images: score.images };
}
