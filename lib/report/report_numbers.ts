/**
 * The report's numbers for other programs: what the page shows, without pictures, exact.
 *
 * @module
 */
import type { ReportEvaluation } from "./evaluation_input.ts";
import type { ReportCandidate, ReportInput } from "./report_input.ts";
import { summarizeStrategies } from "./search_progress.ts";

/**
 * The numbers as JSON text; the same input gives the same bytes. Precisions, confusion and images are as the evaluation
 * gave them, but COCO's -1 is `null`. Not in it: learning curves (`metrics.jsonl`) and the configuration
 * (`config.json`), which have files of their own.
 *
 * @param input What the page is rendered from.
 */
export function reportNumbers(input: ReportInput): string {
  const { name, finishedAt, environment, approximations, stages, winners, rank, data } = input;
  const evaluations = input.evaluations.map(evaluationNumbers);
  const search = input.search && {
    scoreName: input.search.scoreName,
    budget: input.search.budget,
    strategies: summarizeStrategies(input.search.candidates),
    fronts: input.search.fronts,
    candidates: input.search.candidates.map(candidateNumbers),
  };
  const shownImages = input.gallery?.groups.map(({ title, pictures }) => ({
    title,
    images: pictures.map((picture) => picture.title),
  })) ?? [];
  const numbers = {
    name,
    finishedAt,
    isApproximate: approximations.length > 0,
    approximations,
    environment,
    stages,
    winners,
    evaluations,
    shownImages,
    search,
    rank,
    data,
  };
  return JSON.stringify(numbers, definedNumbers, 1) + "\n";
}

function evaluationNumbers({ details, ...numbers }: ReportEvaluation): object {
  return details === null ? numbers : { ...numbers, ...details };
}

function candidateNumbers(candidate: ReportCandidate): object {
  const { strategy, trial, generation, slot, choices, macs, parameters, latencyMs, status, score, reason } =
    candidate;
  return {
    strategy,
    trial,
    generation,
    slot,
    choices: choices.join(" "),
    macs,
    parameters,
    latencyMs,
    status,
    score,
    reason,
  };
}

/** An AP or AR that nothing defines would spoil every mean that is taken. */
function definedNumbers(key: string, value: unknown): unknown {
  return value === -1 && /^A[PR]/.test(key) ? null : value;
}
