/**
 * The report's parts about architectures: the winners, and how the search found them.
 *
 * @module
 */
import { drawArchitectures } from "./architecture_picture.ts";
import { formatCount, formatDuration, formatFraction, formatInteger } from "./format.ts";
import { figure, type Markup, markup, nothing } from "./html.ts";
import type { ReportInput, ReportSearch, ReportWinner } from "./report_input.ts";
import { apColumns } from "./run_sections.ts";
import {
  choicesFigure,
  macsFigure,
  parametersFigure,
  progressFigure,
  scoredCandidates,
  searchProgress,
  type Strategy,
} from "./search_plots.ts";
import { type Column, htmlTable } from "./table.ts";

/** A winner and its place, from 1. */
export type RankedWinner = ReportWinner & { readonly place: number };

/** How one strategy did. */
export interface StrategySummary {
  /** Who proposed the candidates. */
  readonly strategy: Strategy;
  /** Candidates with a score. */
  readonly scored: number;
  /** Candidates without one. */
  readonly failed: number;
  /** Best score; `null` where no candidate has one. */
  readonly best: number | null;
  /** Mean score of the last generation. */
  readonly lastMean: number | null;
  /** Sum of the candidates' durations. */
  readonly seconds: number;
}

/**
 * Columns of the table of winners.
 *
 * @param scoreName What the search's score is.
 * @param stageRepeats Blocks of each stage; parts the choices on paper (CSV has them all, blank between).
 */
export function winnerColumns(scoreName: string, stageRepeats: readonly number[]): Column<RankedWinner>[] {
  return [
    { title: "Place", value: ({ place }) => place },
    {
      title: "Choices by stage",
      value: ({ choices }) => choices.join(" "),
      text: ({ choices }) => choicesByStage(choices, stageRepeats),
    },
    { title: "Multiply-adds", value: ({ macs }) => macs, text: ({ macs }) => formatCount(macs) },
    {
      title: "Parameters",
      value: ({ parameters }) => parameters,
      text: ({ parameters }) => formatCount(parameters),
    },
    {
      title: `Search score (${scoreName})`,
      value: ({ score }) => score,
      text: ({ score }) => score.toFixed(4),
    },
    ...apColumns<RankedWinner>(({ retrained }) => retrained).map((column) => ({
      ...column,
      title: `Retrained ${column.title}`,
    })).slice(0, 2),
  ];
}

/** Counts and scores of each strategy that met a candidate. */
export function summarizeStrategies({ candidates }: ReportSearch): StrategySummary[] {
  return (["evolution", "random"] as const).flatMap((strategy) => {
    const own = candidates.filter((one) => one.strategy === strategy);
    const last = searchProgress(own, strategy).at(-1);
    const scored = scoredCandidates(own).length;
    const seconds = own.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 1000;
    const summary = { strategy, scored, failed: own.length - scored, seconds };
    return own.length === 0
      ? []
      : [{ ...summary, best: last?.bestSoFar ?? null, lastMean: last?.mean ?? null }];
  });
}

/** The winner drawn, the next best below it, and the table of all. */
export function winnersBody({ winners, space, search }: ReportInput): Markup {
  if (winners.length === 0) return nothing;
  const ranked = winners.map((winner, i) => ({ ...winner, place: i + 1 }));
  const scoreName = search?.scoreName ?? "AP";
  const rows = ranked.slice(0, DRAWN_WINNERS).map((winner) => ({
    title: winner.place === 1 ? "Winner" : `Place ${winner.place}`,
    note: winnerNote(winner, scoreName),
    choices: winner.choices,
  }));
  const title = rows.length === 1 ? "The winner's backbone" : `The ${rows.length} best backbones`;
  return markup`<div class="chain">${
    figure(
      title,
      drawArchitectures(space, rows),
      `A block's height follows its kernel size. Sides at ${space.resolution} px input.`,
    )
  }</div>
${htmlTable(winnerColumns(scoreName, space.stageRepeats), ranked)}
<p class="note">Choices: 0, 1, 2 are ShuffleNet blocks of 3 × 3, 5 × 5, 7 × 7; 3 is Xception. Costs are the backbone's alone. The search score is measured with the supernet's weights.</p>`;
}

/** Evolution beside random, and where the candidates lie. */
export function searchBody(search: ReportSearch, winner: ReportWinner | undefined): Markup {
  if (search.candidates.length === 0) return nothing;
  const summary = htmlTable(strategyColumns(search.scoreName), summarizeStrategies(search));
  const plots = scoredCandidates(search.candidates).length === 0
    ? markup`<p>No candidate has a score.</p>`
    : markup`${progressFigure(search)}${macsFigure(search, winner)}${
      search.budget.parameters === null ? nothing : parametersFigure(search, winner)
    }${choicesFigure(search, BEST_CANDIDATES)}`;
  return markup`${summary}\n<p class="note">${budgetText(search)}</p>\n<br>${plots}${failures(search)}`;
}

const DRAWN_WINNERS = 5;
const BEST_CANDIDATES = 20;

function choicesByStage(choices: readonly number[], stageRepeats: readonly number[]): string {
  let first = 0;
  return stageRepeats.map((repeats) => choices.slice(first, first += repeats).join("")).join(" ");
}

function winnerNote({ macs, parameters, score, retrained }: ReportWinner, scoreName: string): string {
  const costs = `${formatCount(macs)} multiply-adds, ${formatCount(parameters)} parameters`;
  const trained = retrained ? `, retrained AP50 ${formatFraction(retrained.AP50)}` : "";
  return `${costs}, search ${scoreName} ${formatFraction(score)}${trained}`;
}

function strategyColumns(scoreName: string): Column<StrategySummary>[] {
  const score = (value: number | null): string => value === null ? "–" : value.toFixed(4);
  return [
    { title: "Strategy", value: ({ strategy }) => strategy },
    { title: "Scored", value: ({ scored }) => scored, text: ({ scored }) => formatInteger(scored) },
    { title: "Failed", value: ({ failed }) => failed, text: ({ failed }) => formatInteger(failed) },
    { title: `Best ${scoreName}`, value: ({ best }) => best, text: ({ best }) => score(best) },
    {
      title: `Mean ${scoreName}, last generation`,
      value: (one) => one.lastMean,
      text: (one) => score(one.lastMean),
    },
    {
      title: "Time in candidates",
      value: ({ seconds }) => seconds,
      text: ({ seconds }) => formatDuration(seconds),
    },
  ];
}

function budgetText({ budget: { macs, parameters } }: ReportSearch): string {
  const limits = [
    ...(macs === null ? [] : [`at most ${formatCount(macs)} multiply-adds`]),
    ...(parameters === null ? [] : [`at most ${formatCount(parameters)} parameters`]),
  ];
  return limits.length === 0 ? "No budget." : `Budget: ${limits.join(", ")} (backbone).`;
}

function failures({ candidates }: ReportSearch): Markup {
  const failed = candidates.filter(({ status }) => status === "failed");
  if (failed.length === 0) return nothing;
  const table = htmlTable<typeof failed[number]>([
    { title: "Strategy", value: ({ strategy }) => strategy },
    { title: "Generation", value: ({ generation }) => generation },
    { title: "Choices by block", value: ({ choices }) => choices.join(" ") },
    { title: "Reason", value: ({ reason }) => reason },
  ], failed);
  return markup`<details><summary>Failed candidates (${failed.length})</summary>\n${table}</details>`;
}
