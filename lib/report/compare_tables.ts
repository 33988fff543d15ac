/**
 * The tables of a comparison: the main one, the ablation by detector and data set, the strategies, and what was
 * published.
 *
 * @module
 */
import type { ComparedRun } from "./compare_input.ts";
import { formatCount, formatFraction, missing } from "./format.ts";
import {
  publishedFor,
  publishedNumber,
  type PublishedResult,
  publishedResults,
} from "./published_results.ts";
import { apColumns } from "./evaluation_section.ts";
import type { ApSummary } from "./evaluation_input.ts";
import { type StrategySummary, summarizeStrategies } from "./search_progress.ts";
import { reachedText, strategyColumns } from "./search_sections.ts";
import { type Column, columnsOf } from "./table.ts";

/** A table with its rows, whatever they are, ready to be written in any form. */
export interface RowTable<Row> {
  /** The columns. */
  readonly columns: readonly Column<Row>[];
  /** The rows. */
  readonly rows: readonly Row[];
}

/** A run under the name that tells it from the others. */
export interface LabelledRun extends ComparedRun {
  /** Its name, or where several share that, its folder; an approximate run's says that it is one. */
  readonly label: string;
}

/** Names that differ: a run's own, or its folder's path where another run has the same; with approximate runs marked. */
export function labelled(runs: readonly ComparedRun[]): LabelledRun[] {
  return runs.map((run) => {
    const isShared = runs.some((other) => other !== run && other.name === run.name);
    const mark = run.isApproximate ? " (approximate)" : "";
    return { ...run, label: (isShared ? run.folder : run.name) + mark };
  });
}

/** Stands where no citable number was found. */
export const notFound = "not found";

/** The paper's main table: a run a row, its AP beside the published one. */
export function mainTable(runs: readonly LabelledRun[]): RowTable<LabelledRun> {
  const [AP, AP50, ...others] = apColumns<LabelledRun>(({ evaluation }) => evaluation?.summary);
  const hasAp50 = runs.some((run) => publishedFor(run)?.AP50 !== undefined);
  return {
    rows: runs,
    columns: [
      { title: "Run", value: ({ label }) => label },
      { title: "Detector", value: ({ detector }) => detector },
      { title: "Backbone", value: ({ backbone }) => backbone },
      { title: "Data", value: ({ data }) => data },
      countColumn("Multiply-adds", ({ architecture }) => architecture?.macs),
      countColumn("Parameters", ({ architecture }) => architecture?.parameters),
      AP,
      publishedColumn("AP"),
      AP50,
      ...(hasAp50 ? [publishedColumn("AP50")] : []),
      ...others,
      { title: "Row", value: rowNumber, text: (run) => rowText(rowNumber(run)) },
    ],
  };
}

/** A backbone's row in the ablation: its runs. */
export interface BackboneRow {
  /** How the backbone came about. */
  readonly backbone: string;
  /** Its runs, on any data and under any detector. */
  readonly runs: readonly ComparedRun[];
}

/** The paper's ablation: a backbone a row, a detector and a data set a column; VOC counts in AP50, the others in AP. */
export function ablationTable(runs: readonly ComparedRun[]): RowTable<BackboneRow> {
  const backbones = [...new Set(runs.map(({ backbone }) => backbone))];
  const settings = new Map(runs.map((run) => [`${run.detector}, ${run.data}`, run]));
  return {
    rows: backbones.map((backbone) => ({ backbone, runs: runs.filter((run) => run.backbone === backbone) })),
    columns: [
      { title: "Backbone", value: ({ backbone }) => backbone },
      ...[...settings].flatMap(([setting, { detector, data }]) => ablationColumns(setting, detector, data)),
    ],
  };
}

/** One strategy of one run's search. */
export interface StrategyRow {
  /** The run's label. */
  readonly label: string;
  /** How the strategy did. */
  readonly summary: StrategySummary;
  /** Its mean best less that of random search; `null` where either is missing. */
  readonly againstRandom: number | null;
}

/** Evolution against random and the other strategies, a row each, run by run. */
export function strategyTable(runs: readonly LabelledRun[]): RowTable<StrategyRow> {
  const rows = runs.flatMap(strategyRows);
  return {
    rows,
    columns: [
      { title: "Run", value: ({ label }) => label },
      ...columnsOf<StrategyRow, StrategySummary>(
        strategyColumns(scoreName(runs), null),
        ({ summary }) => summary,
      ),
      {
        title: "Evaluations to the reference",
        value: ({ summary }) => summary.reached?.mean ?? null,
        text: ({ summary }) => reachedText(summary),
      },
      {
        title: "Best less random's",
        value: (row) => row.againstRandom,
        text: ({ againstRandom }) => againstRandom === null ? missing : signed(againstRandom),
      },
    ],
  };
}

/** Every published row, with its number and source. */
export function publishedTable(): RowTable<PublishedResult> {
  return {
    rows: publishedResults,
    columns: [
      { title: "Row", value: publishedNumber },
      { title: "Backbone", value: ({ backbone }) => backbone },
      { title: "Detector", value: ({ detector }) => detector },
      { title: "Data", value: ({ data }) => data },
      countColumn("Multiply-adds", ({ macs }) => macs),
      countColumn("Parameters", ({ parameters }) => parameters),
      ...(["AP", "AP50", "AP75", "APs", "APm", "APl"] as const).map((name) =>
        fractionColumn<PublishedResult>(name, (result) => result[name])
      ),
      fractionColumn("ImageNet top-1 error", ({ top1Error }) => top1Error),
      { title: "Source", value: ({ source }) => source },
    ],
  };
}

function ablationColumns(
  setting: string,
  detector: ComparedRun["detector"],
  data: string,
): Column<BackboneRow>[] {
  const metric = metricOf(data);
  const own = ({ runs }: BackboneRow): ComparedRun[] =>
    runs.filter((run) => run.detector === detector && run.data === data);
  const values = (row: BackboneRow): number[] =>
    own(row).flatMap(({ evaluation }) => evaluation?.summary[metric] ?? []).filter((value) => value >= 0);
  const mean = (row: BackboneRow): number | null => meanOf(values(row));
  const published = (row: BackboneRow): PublishedResult | null => {
    const [run] = own(row);
    return run === undefined ? null : publishedFor(run);
  };
  return [
    {
      title: `${setting}: ${metric}`,
      value: mean,
      text: (row) =>
        formatFraction(mean(row)) + (values(row).length > 1 ? ` (mean of ${values(row).length})` : ""),
    },
    {
      title: "published",
      value: (row) => published(row)?.[metric] ?? null,
      text: (row) => own(row).length === 0 ? missing : publishedCell(published(row), metric, data),
    },
  ];
}

function strategyRows({ label, candidates }: LabelledRun): StrategyRow[] {
  const summaries = summarizeStrategies(candidates);
  const random = summaries.find(({ strategy }) => strategy === "random")?.best?.mean;
  return summaries.map((summary) => ({
    label,
    summary,
    againstRandom: random === undefined || summary.best === null || summary.strategy === "random"
      ? null
      : summary.best.mean - random,
  }));
}

function scoreName(runs: readonly ComparedRun[]): string {
  const names = new Set(runs.filter(({ candidates }) => candidates.length > 0).map((run) => run.scoreName));
  return names.size === 1 ? [...names][0] : "score";
}

/** VOC's mAP is at IoU 0.5. */
function metricOf(data: string): "AP" | "AP50" {
  return data === "VOC" ? "AP50" : "AP";
}

function publishedColumn(metric: "AP" | "AP50"): Column<LabelledRun> {
  return {
    title: `${metric} published`,
    value: (run) => publishedFor(run)?.[metric] ?? null,
    text: (run) => publishedCell(publishedFor(run), metric, run.data),
  };
}

/** The number, with its data set where that is not the run's. */
function publishedCell(result: PublishedResult | null, metric: keyof ApSummary, data: string): string {
  const value = result?.[metric];
  if (result === null || value === undefined) return notFound;
  return formatFraction(value) + (result.data === data ? "" : ` (${result.data})`);
}

/** Which published row stands beside a run. */
function rowNumber(run: ComparedRun): number | null {
  const result = publishedFor(run);
  return result && publishedNumber(result);
}

function rowText(number: number | null): string {
  return number === null ? notFound : `[${number}]`;
}

function countColumn<Row>(title: string, count: (row: Row) => number | undefined): Column<Row> {
  return { title, value: (row) => count(row) ?? null, text: (row) => formatCount(count(row) ?? null) };
}

function fractionColumn<Row>(title: string, fraction: (row: Row) => number | undefined): Column<Row> {
  return {
    title,
    value: (row) => fraction(row) ?? null,
    text: (row) => formatFraction(fraction(row) ?? null),
  };
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value) / values.length;
}
