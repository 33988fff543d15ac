/**
 * The stages of a run as a table, and the numbers that matter now as tiles.
 *
 * @module
 */
import { formatBytes, formatDuration, formatFraction, formatInteger, missing } from "../report/format.ts";
import { type Markup, markup, nothing } from "../report/html.ts";
import { scoredCandidates } from "../report/search_progress.ts";
import { scoreName } from "../run/plan.ts";
import type { RunView } from "./run_reader.ts";
import { type StageProgress, stageProgress, trainingOf } from "./stage_progress.ts";

const statusWords = { new: "waiting", started: "under way", finished: "finished" } as const;

/**
 * The table of stages.
 *
 * @param isRunning Whether a command is at work; without one an unfinished stage waits to be gone on with.
 */
export function stagesBody(view: RunView, isRunning: boolean): Markup {
  const rows = stageProgress(view);
  if (rows.length === 0) return markup`<p class="note">No run is in ${view.dir} yet.</p>`;
  const titles = ["Stage", "State", "Done", "Rate", "Time", "Memory", "Result"];
  return markup`<div class="scroll"><table>
<thead><tr>${
    titles.map((title, i) =>
      i >= 2 && i <= 5
        ? markup`<th scope="col" class="number">${title}</th>`
        : markup`<th scope="col">${title}</th>`
    )
  }</tr></thead>
<tbody>${rows.map((row) => stageRow(row, isRunning))}</tbody>
</table></div>`;
}

function stageRow(row: StageProgress, isRunning: boolean): Markup {
  const { stage, status, done, total, unit, perSecond, seconds, memoryBytes, note } = row;
  const isStopped = status === "started" && !isRunning;
  const amount = unit === "" || status === "new"
    ? missing
    : `${formatInteger(done)}${
      total === null || status === "finished" ? "" : ` of ${formatInteger(total)}`
    } ${unit}`;
  const rate = perSecond === null || status === "new" ? missing : `${perSecond.toPrecision(3)}/s`;
  return markup`<tr class="${
    isStopped ? "stopped" : status
  }"><th scope="row">${stage}</th><td><span class="state">${
    isStopped ? "not finished" : statusWords[status]
  }</span></td><td class="number">${amount}${
    bar(row)
  }</td><td class="number">${rate}</td><td class="number">${
    timeText(status, isStopped ? null : seconds)
  }</td><td class="number">${formatBytes(memoryBytes ?? undefined)}</td><td>${note}</td></tr>\n`;
}

function timeText(status: StageProgress["status"], seconds: number | null): string {
  if (seconds === null) return missing;
  return `${formatDuration(seconds)}${status === "started" ? " left" : ""}`;
}

function bar({ status, done, total }: StageProgress): Markup {
  if (status !== "started" || total === null) return nothing;
  const percent = (100 * Math.min(done, total) / total).toFixed(1);
  return markup`<span class="bar" aria-hidden="true"><i style="width:${percent}%"></i></span>`;
}

/** What matters now: the stage under way and how fast it is, the best candidate, the AP once it is measured. */
export function tilesBody(view: RunView): Markup {
  const { config, candidates, trainings } = view;
  const rows = stageProgress(view);
  const current = rows.find(({ status }) => status === "started");
  const scored = scoredCandidates(candidates);
  const best = scored.reduce((most, { score }) => Math.max(most, score), -Infinity);
  const images = current === undefined ? null : imagesASecond(view, current);
  const rss = current?.memoryBytes ?? trainings.at(-1)?.rssBytes ?? null;
  const done = rows.filter(({ status }) => status === "finished").length;
  return markup`<div class="tiles">${[
    tile(`${done} of ${rows.length}`, current ? `stages done; now ${current.stage}` : "stages done"),
    ...(current?.seconds === null || current === undefined
      ? []
      : [tile(formatDuration(current.seconds), `left of ${current.stage}`)]),
    ...(images === null ? [] : [tile(formatInteger(images), "images a second")]),
    ...(rss === null ? [] : [tile(formatBytes(rss), "memory of the worker")]),
    ...(scored.length === 0 || config === null
      ? []
      : [tile(formatFraction(best), `best ${scoreName(config)} in the search`)]),
    ...(candidates.length === 0 ? [] : [tile(formatInteger(candidates.length), "candidates tried")]),
  ]}</div>`;
}

/** Images a second of the training under way. */
function imagesASecond({ config, trainings }: RunView, { stage, perSecond }: StageProgress): number | null {
  const size = imagesAStep(config, trainingOf(trainings, stage)?.name);
  return size === null || perSecond === null ? null : size * perSecond;
}

/**
 * How many images a training takes at a step, by its name in the log.
 *
 * @returns Null where it has none, as nothing is trained.
 */
export function imagesAStep(config: RunView["config"], training: string | undefined): number | null {
  if (config === null || training === undefined) return null;
  if (training === "pretrain" || training === "finetune") return config[training]?.batchSize ?? null;
  if (training === "retrain classification") return config.retrain.classification?.batchSize ?? null;
  return config.retrain.batchSize;
}

function tile(value: string, meaning: string): Markup {
  return markup`<div class="tile"><b>${value}</b><span>${meaning}</span></div>\n`;
}
