/**
 * The report of a run: one HTML file that needs nothing else, for screens, light or dark, and for paper.
 *
 * @module
 */
import { formatCount, formatDuration, formatFraction, formatInteger, missing } from "./format.ts";
import { type Markup, markup, nothing, page, type Section } from "./html.ts";
import type { ReportInput } from "./report_input.ts";
import { confusionBody } from "./confusion_section.ts";
import { evaluationsBody } from "./evaluation_section.ts";
import { galleryBody } from "./gallery_section.ts";
import { precisionBody } from "./precision_section.ts";
import { curvesBody, dataBody, runBody } from "./run_sections.ts";
import { searchBody, winnersBody } from "./search_sections.ts";
import { rankBody } from "./rank_section.ts";
import { scoredCandidates } from "./search_progress.ts";

/**
 * Renders a run. The same input gives the same bytes; parts that the run does not have are left out.
 *
 * @param input The run as plain records.
 * @returns The whole HTML document.
 * @throws {RangeError} If a winner's choices do not fit the space.
 * @throws {TypeError} If a picture's bytes are neither JPEG nor PNG.
 */
export function renderReport(input: ReportInput): string {
  const sections: Section[] = [
    {
      id: "winner",
      title: input.winners[0]?.score === null ? "Architecture" : "Winners",
      body: winnersBody(input),
    },
    { id: "detection", title: "Detection", body: evaluationsBody(input) },
    { id: "precision", title: "Precision and recall", body: precisionBody(input.evaluations) },
    { id: "confusion", title: "Confusion", body: confusionBody(input.evaluations) },
    { id: "photographs", title: "Photographs", body: galleryBody(input.gallery) },
    { id: "search", title: "Search", body: searchBody(input) },
    { id: "rank", title: "Does the supernet rank?", body: rankBody(input.rank) },
    { id: "training", title: "Training", body: curvesBody(input.curves) },
    { id: "data", title: "Data", body: dataBody(input.data) },
    { id: "run", title: "Run", body: runBody(input) },
  ];
  const present = sections.filter(({ body }) => body.source !== "");
  return page(`${input.name} – DetNAS report`, header(input), present);
}

function header(input: ReportInput): Markup {
  const { engine, device } = input.environment;
  return markup`<h1>${input.name}</h1>
<p class="lead">DetNAS report: a detector's backbone ${
    input.search ? "searched in" : "of"
  } space “${input.space.name}”. ${engine} on ${device}; ended ${input.finishedAt}.</p>
${approximateNote(input)}<div class="tiles">\n${tiles(input)}</div>`;
}

/** A number of such a run is not the one that the same command gives again. */
function approximateNote({ approximations }: ReportInput): Markup {
  if (approximations.length === 0) return nothing;
  return markup`<p class="note"><b>Approximate:</b> the run went on although something that its result depends on had changed (see <a href="#run">Run</a>).</p>
`;
}

function tiles({ winners: [winner], evaluations, search, stages }: ReportInput): Markup[] {
  const best = winner?.retrained ?? evaluations[0]?.summary;
  const where = winner?.retrained
    ? winner.score === null ? "trained" : "retrained winner"
    : evaluations[0]?.title ?? "";
  const scored = search ? scoredCandidates(search.candidates).length : 0;
  const seconds = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  return [
    ...(best
      ? [tile(formatFraction(best.AP50), `AP50, ${where}`), tile(formatFraction(best.AP), `AP, ${where}`)]
      : []),
    ...(winner ? [tile(formatCount(winner.macs), "multiply-adds, backbone")] : []),
    ...(winner ? [tile(formatCount(winner.parameters), "parameters, backbone")] : []),
    ...(search ? [tile(formatInteger(scored), "candidates scored")] : []),
    tile(stages.length > 0 ? formatDuration(seconds) : missing, "all stages together"),
  ];
}

function tile(value: string, meaning: string): Markup {
  return markup`<div class="tile"><b>${value}</b><span>${meaning}</span></div>\n`;
}
