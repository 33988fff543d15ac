/**
 * Searches over time in pictures: the best so far of each strategy against evaluations, and every score by generation.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { figure, legend, type Markup, markup } from "./html.ts";
import { chart, halfChartPx, rangeOf, thinned, wholeTicks, wideChartPx } from "./plot.ts";
import type { ReportSearch, Strategy } from "./report_input.ts";
import {
  type ScoredCandidate,
  scoredCandidates,
  searchProgress,
  spreadOverTrials,
  type SpreadPoint,
  trialsOf,
} from "./search_progress.ts";
import { strategiesOf, strategyKey, strategyStyles } from "./strategy_style.ts";

/** The best score so far against evaluations, one curve a strategy: its mean over trials, with their range. */
export function bestSoFarFigure(search: ReportSearch): Markup {
  const scored = scoredCandidates(search.candidates);
  const curves = strategiesOf(scored).map((strategy) => {
    const trials = trialsOf(search.candidates, strategy);
    return { strategy, trials: trials.length, points: spreadOverTrials(trials) };
  });
  const points = curves.flatMap((curve) => curve.points);
  const last = Math.max(1, ...points.map(({ evaluations }) => evaluations));
  const picture = chart({
    description: "Best score so far against evaluations: mean and range over trials of each strategy",
    widthPx: wideChartPx,
    heightPx: 380,
    x: { label: "Evaluations", domain: [0, last], ticks: wholeTicks(0, last, 12), tickFormat: ",d" },
    y: {
      label: `Best score so far (${search.scoreName})`,
      domain: rangeOf(points.flatMap(({ low, high }) => [low, high])),
    },
    marks: [
      ...curves.filter(({ trials }) => trials > 1).map((curve) => band(curve.strategy, curve.points)),
      ...curves.map((curve) => curveMarks(curve.strategy, curve.points)),
    ],
  });
  const most = Math.max(...curves.map(({ trials }) => trials));
  const spread = most > 1
    ? `Line: mean over a strategy's trials; band: lowest to highest trial (${most} trials each at most). `
    : "One trial a strategy. ";
  const note = "An evaluation is a candidate tried, one that failed or was scored before included.";
  return figure(
    "Best score so far by evaluations",
    picture,
    spread + note,
    legend(curves.map(({ strategy }) => strategyKey(strategy))),
  );
}

/** Every score by generation, a picture a strategy on one scale, with each trial's best so far and the mean. */
export function generationFigures(search: ReportSearch): Markup {
  const scored = scoredCandidates(search.candidates);
  const strategies = strategiesOf(scored);
  const domain = rangeOf(scored.map(({ score }) => score));
  const widthPx = strategies.length === 1 ? wideChartPx : halfChartPx;
  const figures = strategies.map((strategy) => generationFigure(search, scored, strategy, widthPx, domain));
  return markup`<div class="grid">\n${figures}</div>
<p class="note">Score by generation, on one scale. Dots: candidates, of very many an even part; solid: best so far of each trial; dashes: mean of the generation.</p><br>`;
}

function generationFigure(
  { scoreName }: ReportSearch,
  scored: readonly ScoredCandidate[],
  strategy: Strategy,
  widthPx: number,
  domain: [number, number],
): Markup {
  const own = scored.filter((one) => one.strategy === strategy);
  const { name } = strategyStyles[strategy];
  const [low, high] = rangeOfGenerations(own);
  const picture = chart({
    description: `Scores by generation of ${name}: candidates, best so far and mean`,
    widthPx,
    heightPx: widthPx === wideChartPx ? 340 : 280,
    x: {
      label: "Generation",
      domain: [low - 0.5, high + 0.5],
      ticks: wholeTicks(low, high, widthPx / 50),
      tickFormat: "d",
    },
    y: { label: `Score (${scoreName})`, domain },
    marks: generationMarks(own, strategy),
  });
  return figure(name.slice(0, 1).toUpperCase() + name.slice(1), picture);
}

function rangeOfGenerations(scored: readonly ScoredCandidate[]): [number, number] {
  const generations = scored.map(({ generation }) => generation);
  return [Math.min(...generations), Math.max(...generations)];
}

function generationMarks(own: readonly ScoredCandidate[], strategy: Strategy): Plot.Markish[] {
  const color = strategyStyles[strategy].color;
  const progress = searchProgress(own, strategy);
  const trials = trialsOf(own, strategy).map((trial) => searchProgress(trial, strategy));
  const x = "generation";
  return [
    Plot.dot(thinned(own, MOST_DOTS), {
      x,
      y: "score",
      r: 2.2,
      fill: color,
      fillOpacity: 0.35,
      className: "candidate",
    }),
    Plot.lineY(progress, { x, y: "mean", stroke: color, strokeWidth: 1.8, strokeDasharray: "5 4" }),
    Plot.dot(progress, { x, y: "mean", r: 2.4, fill: color, className: "mean" }),
    ...trials.map((trial) => [
      Plot.lineY(trial, {
        x,
        y: "bestSoFar",
        stroke: color,
        strokeWidth: trials.length > 1 ? 1.4 : 2.6,
        curve: "step-after",
      }),
      Plot.dot(trial, {
        x,
        y: "bestSoFar",
        r: trials.length > 1 ? 2 : 3.6,
        fill: color,
        className: "best",
      }),
    ]),
  ];
}

function band(strategy: Strategy, points: readonly SpreadPoint[]): Plot.Markish {
  return Plot.areaY(turns(points), {
    x: "evaluations",
    y1: "low",
    y2: "high",
    fill: strategyStyles[strategy].color,
    fillOpacity: 0.14,
    curve: "step-after",
    className: "band",
  });
}

/** The mean as steps, with the strategy's symbol at some of them. */
function curveMarks(strategy: Strategy, points: readonly SpreadPoint[]): Plot.Markish[] {
  const { color, dashes, symbol } = strategyStyles[strategy];
  const [x, y] = ["evaluations", "mean"];
  const stride = Math.max(1, Math.ceil(points.length / SYMBOLS_A_CURVE));
  const marked = points.filter((_, i) => (i + 1) % stride === 0 || i === points.length - 1);
  return [
    Plot.lineY(turns(points), {
      x,
      y,
      stroke: color,
      strokeWidth: 2.4,
      ...(dashes === "none" ? {} : { strokeDasharray: dashes }),
      curve: "step-after",
      className: "curve",
    }),
    Plot.dot(marked, { x, y, r: 4, fill: color, symbol, className: "mark" }),
  ];
}

const SYMBOLS_A_CURVE = 8;
/** More dots than this in one picture hide each other. */
const MOST_DOTS = 1000;

/** The points where a step curve turns, and its last: the same picture from fewer. */
function turns(points: readonly SpreadPoint[]): SpreadPoint[] {
  return points.filter((point, i) => {
    const before = points[i - 1];
    const isSame = before !== undefined && before.mean === point.mean && before.low === point.low &&
      before.high === point.high;
    return !isSame || i === points.length - 1;
  });
}
