/**
 * Whether the supernet ranks architectures as training each alone does.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { formatCount, missing } from "./format.ts";
import { figure, type Markup, markup, nothing } from "./html.ts";
import { chart, halfChartPx, rangeOf } from "./plot.ts";
import type { RankCorrelation, RankedArchitecture, ReportRank } from "./report_input.ts";
import { type Column, htmlTable } from "./table.ts";

/** Inherited against retrained scores, with the correlation of their ranks; nothing where it was not measured. */
export function rankBody(rank: ReportRank | null): Markup {
  if (rank === null || rank.architectures.length === 0) return nothing;
  const { architectures, scoreName } = rank;
  const picture = chart({
    description: "Score after retraining against score with the supernet's weights",
    widthPx: halfChartPx,
    heightPx: 400,
    x: {
      label: `Inherited score (${scoreName})`,
      domain: rangeOf(architectures.map(({ inherited }) => inherited)),
      nice: true,
      ticks: 6,
      inset: 8,
    },
    y: {
      label: `Retrained score (${scoreName})`,
      domain: rangeOf(architectures.map(({ retrained }) => retrained)),
    },
    marks: [
      Plot.dot(architectures, {
        x: "inherited",
        y: "retrained",
        r: 4,
        fill: "var(--accent)",
        fillOpacity: 0.8,
        className: "architecture",
      }),
    ],
  });
  const best = [...architectures].sort((a, b) => b.retrained - a.retrained);
  return markup`<div class="grid">\n${
    figure(`Retrained against inherited, ${architectures.length} architectures`, picture, rankText(rank))
  }<div>${htmlTable(rankColumns(), best)}</div></div>${
    rank.modes.length < 2
      ? nothing
      : markup`<h3>By batch norm mode</h3>\n${htmlTable(modeColumns(), rank.modes)}`
  }`;
}

/** The correlations in words, as the caption gives them. */
export function rankText({ modes, modeName }: ReportRank): string {
  const mode = modes.find(({ name }) => name === modeName);
  const correlations = mode === undefined
    ? ""
    : `Kendall's tau ${number(mode.kendallTau)}${intervalText(mode)}, Spearman's rho ${
      number(mode.spearmanRho)
    }. 1: the same order, 0: none. `;
  return `${correlations}Inherited scores with “${modeName}” batch norm statistics.`;
}

function intervalText({ interval }: RankCorrelation): string {
  if (interval === null) return "";
  return ` (95 % bootstrap interval ${number(interval.low)} to ${number(interval.high)})`;
}

/** A correlation; below 0 it is one too. */
function number(value: number | null): string {
  return value === null ? missing : value.toFixed(3).replace("-", "−");
}

function modeColumns(): Column<RankCorrelation>[] {
  return [
    { title: "Batch norm statistics", value: ({ name }) => name },
    { title: "Kendall's tau", value: (one) => one.kendallTau, text: (one) => number(one.kendallTau) },
    {
      title: "95 % interval",
      value: ({ interval }) => interval && `${interval.low} to ${interval.high}`,
      text: ({ interval }) => interval ? `${number(interval.low)} to ${number(interval.high)}` : missing,
    },
    { title: "Spearman's rho", value: (one) => one.spearmanRho, text: (one) => number(one.spearmanRho) },
  ];
}

function rankColumns(): Column<RankedArchitecture>[] {
  const score = (value: number): string => value.toFixed(4);
  return [
    {
      title: "Choices",
      value: ({ choices }) => choices.map((choice) => choice.toString(36)).join(""),
    },
    { title: "Multiply-adds", value: ({ macs }) => macs, text: ({ macs }) => formatCount(macs) },
    { title: "Inherited", value: ({ inherited }) => inherited, text: ({ inherited }) => score(inherited) },
    { title: "Retrained", value: ({ retrained }) => retrained, text: ({ retrained }) => score(retrained) },
  ];
}
