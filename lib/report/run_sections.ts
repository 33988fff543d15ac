/**
 * The report's parts about the run itself: training, data, and what the run was.
 *
 * @module
 */
import { formatBytes, formatDuration, formatInteger, plural } from "./format.ts";
import { type Markup, markup, nothing } from "./html.ts";
import type { DataNote, ReportInput, StageDuration, TrainingCurve } from "./report_input.ts";
import { htmlTable } from "./table.ts";
import { trainingFigures } from "./training_plots.ts";

/** Learning curves, one heading a training; nothing where no step was logged. */
export function curvesBody(curves: readonly TrainingCurve[]): Markup {
  const drawn = curves.filter(({ points }) => points.length > 0);
  return drawn.length === 0 ? nothing : markup`${drawn.map(trainingFigures)}`;
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
