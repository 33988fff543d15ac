/**
 * The report's parts about architectures: the winners, and how the search found them.
 *
 * @module
 */
import { drawArchitectures } from "./architecture_picture.ts";
import { choiceStyle } from "./choice_style.ts";
import { formatCount, formatDuration, formatFraction, formatInteger, missing } from "./format.ts";
import { figure, type Markup, markup, nothing } from "./html.ts";
import { paretoBody } from "./pareto_section.ts";
import { bestSoFarFigure, generationFigures } from "./progress_plots.ts";
import type { ReportInput, ReportSearch, ReportSpace, ReportWinner } from "./report_input.ts";
import { apColumns } from "./evaluation_section.ts";
import { choicesFigure, latencyFigure, macsFigure, parametersFigure } from "./search_plots.ts";
import {
  referenceScore,
  scoredCandidates,
  type StrategySummary,
  summarizeStrategies,
} from "./search_progress.ts";
import { strategyStyles } from "./strategy_style.ts";
import { type Column, htmlTable } from "./table.ts";

/** A winner and its place, from 1. */
export type RankedWinner = ReportWinner & { readonly place: number };

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
      text: ({ score }) => score?.toFixed(4) ?? missing,
    },
    ...apColumns<RankedWinner>(({ retrained }) => retrained).map((column) => ({
      ...column,
      title: `Retrained ${column.title}`,
    })).slice(0, 2),
  ];
}

/** The winner drawn, the next best below it, and the table of all. */
export function winnersBody({ winners, space, search }: ReportInput): Markup {
  if (winners.length === 0) return nothing;
  const ranked = winners.map((winner, i) => ({ ...winner, place: i + 1 }));
  const scoreName = search?.scoreName ?? "AP";
  const rows = ranked.slice(0, DRAWN_WINNERS).map((winner) => ({
    title: winner.place === 1 ? bestName(winner) : `Place ${winner.place}`,
    note: winnerNote(winner, scoreName),
    choices: winner.choices,
  }));
  const title = rows.length === 1
    ? `${bestName(winners[0])}'s backbone`
    : `The ${rows.length} best backbones`;
  return markup`<div class="chain">${
    figure(
      title,
      drawArchitectures(space, rows),
      `A block's height follows its kernel size. Sides at ${space.resolution} px input.`,
    )
  }</div>
${htmlTable(winnerColumns(scoreName, space.stageRepeats), ranked)}
<p class="note">${
    choicesText(space)
  } Costs are the backbone's alone. A search score is measured with the supernet's weights.</p>`;
}

/** The strategies beside each other, and where the candidates lie. */
export function searchBody({ search, space, winners }: ReportInput): Markup {
  if (search === null || search.candidates.length === 0) return nothing;
  const summaries = summarizeStrategies(search.candidates);
  const reference = referenceScore(search.candidates);
  const table = htmlTable(strategyColumns(search.scoreName, reference), summaries);
  const notes = `${budgetText(search)}${referenceText(summaries, reference)}`;
  return markup`<div class="dense">${table}</div>\n<p class="note">${notes}</p>\n<br>${
    plots(search, space, winners[0])
  }${failures(search)}`;
}

function plots(search: ReportSearch, space: ReportSpace, winner: ReportWinner | undefined): Markup {
  if (scoredCandidates(search.candidates).length === 0) return markup`<p>No candidate has a score.</p>`;
  const isTimed = scoredCandidates(search.candidates).some(({ latencyMs }) => latencyMs !== null);
  return markup`${bestSoFarFigure(search)}${generationFigures(search)}${macsFigure(search, winner)}${
    search.budget.parameters === null ? nothing : parametersFigure(search, winner)
  }${isTimed ? latencyFigure(search, winner) : nothing}${paretoBody(search)}${
    choicesFigure(search, space.choices, BEST_CANDIDATES)
  }`;
}

const DRAWN_WINNERS = 5;
const BEST_CANDIDATES = 20;

/** Choices as digits (letters from 10 on), a group a stage. */
export function choicesByStage(choices: readonly number[], stageRepeats: readonly number[]): string {
  let first = 0;
  const digits = choices.map((choice) => choice.toString(36));
  return stageRepeats.map((repeats) => digits.slice(first, first += repeats).join("")).join(" ");
}

/** What no search has chosen is no winner. */
function bestName({ score }: ReportWinner): string {
  return score === null ? "Architecture" : "Winner";
}

function choicesText({ choices }: ReportSpace): string {
  const names = choices.map((choice, i) => `${i.toString(36)} ${choiceStyle(choice).name}`);
  const hasXception = choices.some(({ kind }) => kind === "xception");
  return `Choices: ${names.join(", ")}.${
    hasXception ? " An Xception block is three separable convolutions deep." : ""
  }`;
}

function winnerNote({ macs, parameters, score, retrained }: ReportWinner, scoreName: string): string {
  const costs = `${formatCount(macs)} multiply-adds, ${formatCount(parameters)} parameters`;
  const trained = retrained ? `, retrained AP50 ${formatFraction(retrained.AP50)}` : "";
  return `${costs}${score === null ? "" : `, search ${scoreName} ${formatFraction(score)}`}${trained}`;
}

/**
 * Columns of the table of strategies.
 *
 * @param scoreName What the search's score is.
 * @param reference The score whose reaching is timed; `null` leaves that column out.
 */
export function strategyColumns(scoreName: string, reference: number | null): Column<StrategySummary>[] {
  return [
    { title: "Strategy", value: ({ strategy }) => strategyStyles[strategy].name },
    { title: "Trials", value: ({ trials }) => trials },
    { title: "Tried", value: ({ tried }) => tried, text: ({ tried }) => formatInteger(tried) },
    { title: "Failed", value: ({ failed }) => failed, text: ({ failed }) => formatInteger(failed) },
    scoreColumn(`Best ${scoreName}`, ({ best }) => best?.mean),
    scoreColumn("± sd", ({ best }) => best?.sd),
    scoreColumn("Lowest trial", ({ best }) => best?.low),
    scoreColumn("Highest trial", ({ best }) => best?.high),
    scoreColumn("Mean, last generation", ({ lastMean }) => lastMean),
    ...(reference === null ? [] : [{
      title: `Evaluations to ${reference.toFixed(4)}`,
      value: ({ reached }: StrategySummary): number | null => reached?.mean ?? null,
      text: reachedText,
    }]),
    {
      title: "Time in candidates",
      value: ({ seconds }) => seconds,
      text: ({ seconds }) => formatDuration(seconds),
    },
  ];
}

function scoreColumn(
  title: string,
  score: (summary: StrategySummary) => number | null | undefined,
): Column<StrategySummary> {
  return {
    title,
    value: (summary) => score(summary) ?? null,
    text: (summary) => score(summary)?.toFixed(4) ?? missing,
  };
}

/** Evaluations to the reference score, and how many trials reached it. */
export function reachedText({ reached, trials }: StrategySummary): string {
  if (reached === null) return trials === 1 ? "not reached" : `0 of ${trials}`;
  const mean = formatInteger(reached.mean);
  return trials === 1 ? mean : `${mean} (${reached.count} of ${trials})`;
}

/** What the table's columns mean. */
export function referenceText(summaries: readonly StrategySummary[], reference: number | null): string {
  if (reference === null) return "";
  const trials = Math.max(...summaries.map((one) => one.trials));
  const spread = trials > 1 ? " Best: mean of the trials' best, and its standard deviation (sd)." : "";
  const whose = summaries.some(({ strategy }) => strategy === "random")
    ? "what random search ended with"
    : "what the least strategy ended with";
  const counted = trials > 1 ? "; in brackets, how many trials reached it" : "";
  return `${spread} Evaluations to ${reference.toFixed(4)}: ${whose}${counted}.`;
}

function budgetText({ budget: { macs, parameters, latencyMs } }: ReportSearch): string {
  const limits = [
    ...(macs === null ? [] : [`at most ${formatCount(macs)} multiply-adds`]),
    ...(parameters === null ? [] : [`at most ${formatCount(parameters)} parameters`]),
    ...(latencyMs === null ? [] : [`at most ${latencyMs} ms`]),
  ];
  return limits.length === 0 ? "No budget." : `Budget: ${limits.join(", ")} (backbone).`;
}

function failures({ candidates }: ReportSearch): Markup {
  const failed = candidates.filter(({ status }) => status === "failed");
  if (failed.length === 0) return nothing;
  const table = htmlTable<typeof failed[number]>([
    { title: "Strategy", value: ({ strategy }) => strategyStyles[strategy].name },
    { title: "Trial", value: ({ trial }) => trial },
    { title: "Generation", value: ({ generation }) => generation },
    { title: "Choices by block", value: ({ choices }) => choices.join(" ") },
    { title: "Reason", value: ({ reason }) => reason },
  ], failed);
  return markup`<details><summary>Failed candidates (${failed.length})</summary>\n${table}</details>`;
}
