/**
 * Several runs beside each other: the paper's tables with the published numbers, and the architectures in one picture.
 * The same tables go into a page, into Markdown, and, one each, into CSV files.
 *
 * @module
 */
import { type ArchitectureRow, drawArchitectures } from "./architecture_picture.ts";
import type { ComparedRun } from "./compare_input.ts";
import {
  ablationTable,
  labelled,
  type LabelledRun,
  mainTable,
  publishedTable,
  type RowTable,
  strategyTable,
} from "./compare_tables.ts";
import { formatCount, formatFraction, plural } from "./format.ts";
import { figure, legend, type Markup, markup, nothing, page, type Section } from "./html.ts";
import type { ReportSpace } from "./report_input.ts";
import { choicesOf, drawStageKernels, kernelTable, type NamedArchitecture } from "./stage_kernels.ts";
import { standalonePicture } from "./standalone_picture.ts";
import { csvTable, htmlTable, markdownTable, markdownText } from "./table.ts";

/**
 * Renders a comparison.
 *
 * @param runs The runs, in the order to show; their spaces may differ.
 * @returns The files by name: `compare.html`, `compare.md`, `compare.csv` (the main table), the other tables as
 * `compare-*.csv`, and the pictures that the Markdown shows. The same runs give the same bytes.
 * @throws {RangeError} If a run's choices do not fit its space.
 */
export function renderComparison(runs: readonly ComparedRun[]): Map<string, string> {
  const shown = labelled(runs);
  const parts = partsOf(shown);
  const pictures = picturesOf(shown);
  return new Map([
    ["compare.html", htmlPage(shown, parts, pictures)],
    ["compare.md", markdownPage(shown, parts, pictures)],
    ...parts.map((part) => [part.csvFile, part.csv] as const),
    ...pictures.map(({ file, title, drawing }) => [file, standalonePicture(title, drawing)] as const),
  ]);
}

/** A table in all its forms. */
interface Part {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly csvFile: string;
  readonly html: Markup;
  readonly markdown: string;
  readonly csv: string;
}

/** A drawing with the file that the Markdown finds it in. */
interface Picture {
  readonly file: string;
  readonly title: string;
  readonly drawing: Markup;
}

function partsOf(runs: readonly LabelledRun[]): Part[] {
  const architectures = architecturesOf(runs);
  const strategies = strategyTable(runs);
  return [
    part("main", "Main table", MAIN_NOTE, "compare.csv", mainTable(runs)),
    part("ablation", "By detector and data set", ABLATION_NOTE, "compare-ablation.csv", ablationTable(runs)),
    ...(strategies.rows.length === 0
      ? []
      : [part("search", "Search strategies", SEARCH_NOTE, "compare-search.csv", strategies)]),
    ...(architectures.length === 0 ? [] : [
      part(
        "kernels",
        "Kernels along the depth",
        KERNEL_NOTE,
        "compare-kernels.csv",
        kernelTable(architectures),
      ),
    ]),
    part("published", "Published rows", PUBLISHED_NOTE, "compare-published.csv", publishedTable()),
  ];
}

const MAIN_NOTE =
  "Measured on each run's reported split; COCO's average precision over IoU 0.50 to 0.95, AP50 and AP75 at one IoU, APs, APm, APl by object area. " +
  "Multiply-adds and parameters are the backbone's alone. A published number is its row's below and holds on that row's data; " +
  "beside a run on other data it only says which row the run repeats. Dash: not there yet, or no such object; not found: no citable source.";
const ABLATION_NOTE =
  "AP, or on VOC AP50, of each backbone under each detector on each data set, with the published number to the right of it.";
const SEARCH_NOTE =
  "Scores with the supernet's weights. Best: mean of the trials' best scores; ± sd: their standard deviation, where there are several. " +
  "Reference: what the run's random search ended with, else its least strategy; in brackets, how many trials reached it. " +
  "Numbers of the paper for evolution against random: not found.";
const KERNEL_NOTE = "Blocks of each stage by choice. A dash: the space has no such choice.";
const PUBLISHED_NOTE =
  "As their sources give them: multiply-adds as round as there, parameters with the classifier. What was found in no citable place is not here.";

const APPROXIMATE_NOTE =
  "Approximate: the run went on although something that its result depends on had changed; its report says what.";

function hasApproximate(runs: readonly LabelledRun[]): boolean {
  return runs.some(({ isApproximate }) => isApproximate);
}

function part<Row>(
  id: string,
  title: string,
  note: string,
  csvFile: string,
  { columns, rows }: RowTable<Row>,
): Part {
  return {
    id,
    title,
    note,
    csvFile,
    html: htmlTable(columns, rows),
    markdown: markdownTable(columns, rows),
    csv: csvTable(columns, rows),
  };
}

function architecturesOf(runs: readonly LabelledRun[]): NamedArchitecture[] {
  return runs.flatMap(({ label, space, architecture }) =>
    architecture === null ? [] : [{ label, space, choices: architecture.choices }]
  );
}

/** The architectures of each space in one drawing, and the piles of all runs. */
function picturesOf(runs: readonly LabelledRun[]): Picture[] {
  const bySpace = Map.groupBy(
    runs.filter(({ architecture }) => architecture !== null),
    ({ space }) => JSON.stringify(space),
  );
  return [...bySpace.values()].map((own, i) => ({
    file: `compare-architectures${i === 0 ? "" : `-${i + 1}`}.svg`,
    title: `Architectures in space “${own[0].space.name}”`,
    drawing: drawArchitectures(own[0].space, own.flatMap(rowOf)),
  }));
}

function rowOf({ label, architecture, evaluation }: LabelledRun): ArchitectureRow[] {
  if (architecture === null) return [];
  const { choices, macs, parameters } = architecture;
  const costs = `${formatCount(macs)} multiply-adds, ${formatCount(parameters)} parameters`;
  const measured = evaluation === null ? "" : `, AP ${formatFraction(evaluation.summary.AP)}`;
  return [{ title: label, note: costs + measured, choices }];
}

function htmlPage(
  runs: readonly LabelledRun[],
  parts: readonly Part[],
  pictures: readonly Picture[],
): string {
  const sections = parts.map(({ id, title, note, html }): Section => ({
    id,
    title,
    body: markup`${
      id === "kernels" ? pilesBody(architecturesOf(runs)) : nothing
    }<div class="dense">${html}</div><p class="note">${note}</p>`,
  }));
  const drawn: Section = { id: "architectures", title: "Architectures", body: picturesBody(pictures) };
  const main = sections.findIndex(({ id }) => id === "kernels");
  const all = pictures.length === 0 ? sections : sections.toSpliced(main, 0, drawn);
  const header = markup`<h1>Comparison of ${plural(runs.length, "run")}</h1>
<p class="lead">DetNAS: measured numbers beside published ones.</p>
${hasApproximate(runs) ? markup`<p class="note">${APPROXIMATE_NOTE}</p>` : nothing}`;
  return page(`Comparison of ${plural(runs.length, "run")} – DetNAS`, header, all);
}

function picturesBody(pictures: readonly Picture[]): Markup {
  const figures = pictures.map(({ title, drawing }) =>
    markup`<div class="chain">${figure(title, drawing)}</div>`
  );
  return markup`${figures}<p class="note">A block's height follows its kernel size.</p>`;
}

function pilesBody(architectures: readonly NamedArchitecture[]): Markup {
  const tallest = Math.max(
    ...architectures.map(({ space }: { space: ReportSpace }) => Math.max(...space.stageRepeats)),
  );
  const figures = architectures.map((one) => figure(one.label, drawStageKernels(one, tallest)));
  const key = legend(choicesOf(architectures).map(({ name, color }) => ({ label: name, color })));
  return markup`${key}<div class="piles">\n${figures}</div>
<p class="note">Each stage's blocks piled up by choice; stages from left to right.</p><br>`;
}

function markdownPage(
  runs: readonly LabelledRun[],
  parts: readonly Part[],
  pictures: readonly Picture[],
): string {
  const tables = parts.map(({ title, note, markdown }) => `## ${title}\n\n${markdown}\n${note}\n`);
  const images = pictures.map(({ title, file }) => `![${markdownText(title)}](${file})\n`);
  const drawn = images.length === 0 ? [] : [`## Architectures\n\n${images.join("\n")}`];
  const note = hasApproximate(runs) ? [`${APPROXIMATE_NOTE}\n`] : [];
  return ["# Comparison\n", ...note, ...tables, ...drawn].join("\n");
}
