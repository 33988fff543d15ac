/**
 * The report's parts about the run itself: training, evaluation, photographs, data, and what the run was.
 *
 * @module
 */
import { classColor, drawDetections } from "./detection_picture.ts";
import { formatBytes, formatDuration, formatFraction, formatInteger, plural } from "./format.ts";
import { figure, legend, type Markup, markup, nothing } from "./html.ts";
import type {
  ApSummary,
  ClassAp,
  DataNote,
  ReportEvaluation,
  ReportGallery,
  ReportInput,
  StageDuration,
  TrainingCurve,
} from "./report_input.ts";
import { type Column, htmlTable } from "./table.ts";
import { trainingFigures } from "./training_plots.ts";

/** Six of COCO's numbers as columns, of whatever row holds them; an undefined one is no number. */
export function apColumns<Row>(summary: (row: Row) => ApSummary | undefined): Column<Row>[] {
  return (["AP", "AP50", "AP75", "APs", "APm", "APl"] as const).map((name) => ({
    title: name,
    value: (row: Row): number | null => definedAp(summary(row)?.[name]),
    text: (row: Row): string => formatFraction(summary(row)?.[name] ?? null),
  }));
}

/** COCO's -1 would spoil every mean that a spreadsheet takes. */
function definedAp(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value;
}

/** A class's AP, one row a class. */
export function classColumns(): Column<readonly [string, ClassAp]>[] {
  return [
    { title: "Class", value: ([name]) => name },
    { title: "AP", value: ([, { AP }]) => AP, text: ([, { AP }]) => formatFraction(AP) },
    {
      title: "AP50",
      value: ([, { AP50 }]) => AP50,
      text: ([, { AP50 }]) => formatFraction(AP50),
      bar: ([, c]) => c.AP50,
    },
  ];
}

/** Learning curves, one heading a training; nothing where no step was logged. */
export function curvesBody(curves: readonly TrainingCurve[]): Markup {
  const drawn = curves.filter(({ points }) => points.length > 0);
  return drawn.length === 0 ? nothing : markup`${drawn.map(trainingFigures)}`;
}

/** COCO's numbers of each evaluation, overall and by class. */
export function evaluationsBody({ evaluations }: ReportInput): Markup {
  if (evaluations.length === 0) return nothing;
  const overall = htmlTable<ReportEvaluation>([
    { title: "Evaluation", value: ({ title }) => title },
    { title: "Images", value: ({ images }) => images, text: ({ images }) => formatInteger(images) },
    ...apColumns<ReportEvaluation>(({ summary }) => summary),
  ], evaluations);
  const classes = evaluations.map((one) =>
    markup`<div><h3>By class: ${one.title}</h3>\n${
      htmlTable(classColumns(), Object.entries(one.perClass))
    }</div>\n`
  );
  return markup`${overall}
<p class="note">COCO's average precision over IoU 0.50 to 0.95; AP50 at IoU 0.50 alone; APs, APm, APl by object area (under 32², under 96², above, in pixels). A dash: no object of that kind.</p>
<div class="grid">\n${classes}</div>`;
}

/** Photographs with detections and ground truth. */
export function galleryBody(gallery: ReportGallery | null): Markup {
  if (gallery === null || gallery.pictures.length === 0) return nothing;
  const { classNames, minScore, pictures } = gallery;
  const key = legend([
    ...classNames.map((label) => ({ label, color: classColor(classNames, label), shape: "line" as const })),
    { label: "ground truth", color: "var(--soft)", shape: "dashes" },
  ]);
  const figures = pictures.map((picture) => {
    const shown = picture.detections.filter(({ score }) => score >= minScore).length;
    const note = `${plural(shown, "detection")}, ${
      plural(picture.truths.length, "true box").replace(/boxs$/, "boxes")
    }`;
    return figure(picture.title, drawDetections(picture, classNames, minScore), note);
  });
  return markup`<p>Detections with a score of at least ${minScore}, solid with their score; the ground truth is thin and dashed.</p>
${key}<div class="grid photo">\n${figures}</div>`;
}

/** What was read, and every annotation that was skipped. */
export function dataBody(notes: readonly DataNote[]): Markup {
  if (notes.length === 0) return nothing;
  const table = htmlTable<DataNote>([
    { title: "Split", value: ({ title }) => title },
    { title: "Images", value: ({ images }) => images, text: ({ images }) => formatInteger(images) },
    { title: "Objects", value: ({ objects }) => objects, text: ({ objects }) => formatInteger(objects) },
    { title: "Skipped", value: ({ skipped }) => skipped.length },
  ], notes);
  const skipped = notes.flatMap(({ title, skipped }) => skipped.map((one) => ({ title, ...one })));
  if (skipped.length === 0) return table;
  const list = htmlTable<typeof skipped[number]>([
    { title: "Split", value: ({ title }) => title },
    { title: "File", value: ({ file }) => file },
    { title: "Reason", value: ({ reason }) => reason },
  ], skipped);
  return markup`${table}\n<h3>Skipped annotations</h3>\n<details${
    skipped.length <= 20 ? markup` open` : nothing
  }><summary>${plural(skipped.length, "annotation")}</summary>\n${list}</details>`;
}

/** Environment, durations, what to do next, and the whole configuration. */
export function runBody(input: ReportInput): Markup {
  const { engine, device, threads, workers, deno } = input.environment;
  const facts = [
    ["Engine", engine],
    ["Device", device],
    ["Workers", workers],
    ["Threads a worker", threads],
    ["Deno", deno],
  ];
  const list = facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>\n`);
  const commands = input.nextCommands.map(({ purpose, command }) =>
    markup`<p>${purpose}</p>\n<pre><code>${command}</code></pre>\n`
  );
  const next = commands.length === 0 ? nothing : markup`<h3>Next</h3>\n${commands}`;
  return markup`<div class="grid">\n<div><h3>Environment</h3>\n<dl>\n${list}</dl></div>\n${
    stagesTable(input.stages)
  }</div>
${approximationsList(input.approximations)}${next}<h3>Configuration</h3>
<details><summary>Every setting, as resolved</summary>
<pre><code>${JSON.stringify(input.config, null, 2) ?? ""}</code></pre></details>`;
}

function approximationsList(approximations: readonly string[]): Markup {
  if (approximations.length === 0) return nothing;
  const items = approximations.map((one) => markup`<li>${one}</li>\n`);
  return markup`<h3>Approximate</h3>
<p>The run went on although these had changed, by <code>--approximate</code>:</p>
<ul>\n${items}</ul>
`;
}

function stagesTable(stages: readonly StageDuration[]): Markup {
  if (stages.length === 0) return nothing;
  const total = stages.reduce((sum, { seconds }) => sum + seconds, 0);
  const table = htmlTable<StageDuration>([
    { title: "Stage", value: ({ stage }) => stage },
    {
      title: "Duration",
      value: ({ seconds }) => seconds,
      text: ({ seconds }) => formatDuration(seconds),
      bar: ({ seconds }) => total > 0 ? seconds / total : 0,
    },
    {
      title: "Peak memory",
      value: ({ peakRssBytes }) => peakRssBytes ?? null,
      text: (one) => formatBytes(one.peakRssBytes),
    },
  ], stages);
  return markup`<div><h3>Stages</h3>\n${table}</div>\n`;
}
