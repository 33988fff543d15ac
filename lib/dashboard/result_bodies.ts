/**
 * What comes out: the best architecture, the AP of the retrained one, and its detections.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import { drawDetections } from "../report/detection_picture.ts";
import { pictureLegend } from "../report/gallery_section.ts";
import { drawArchitectures } from "../report/architecture_picture.ts";
import { formatCount, formatFraction, plural } from "../report/format.ts";
import { figure, type Markup, markup, nothing, trusted } from "../report/html.ts";
import type { ClassAp, ReportEvaluation } from "../report/evaluation_input.ts";
import { htmlTable } from "../report/table.ts";
import { scoredCandidates } from "../report/search_progress.ts";
import { scoreName } from "../run/plan.ts";
import { fixedArchitecture } from "../search/fixed_architecture.ts";
import { formatArchitecture } from "../space/architecture.ts";
import { architectureCost, costTable } from "../space/cost.ts";
import type { Snapshot } from "../run/snapshots.ts";
import type { RunView } from "./run_reader.ts";

/** An architecture and what is known of it. */
interface Found {
  readonly choices: readonly number[];
  readonly macs: number;
  readonly parameters: number;
  /** Null where no search scored it. */
  readonly score: number | null;
}

/** The best architecture so far, drawn; or the config's one, where nothing is searched. */
export function architectureBody({ config, candidates }: RunView): Markup {
  const found = config === null ? null : bestOf(config, candidates);
  if (config === null || found === null) return markup`<p class="note">None has a score yet.</p>`;
  const { choices, macs, parameters, score } = found;
  const name = formatArchitecture(config.space, choices);
  const scoreText = score === null
    ? ""
    : ` · ${scoreName(config)} ${formatFraction(score)} with the supernet's weights`;
  const note = `${formatCount(macs)} multiply-adds · ${formatCount(parameters)} parameters${scoreText}`;
  const row = { title: config.architecture ?? name, note, choices };
  return markup`<div class="picture chain">${drawArchitectures(config.space, [row])}</div>`;
}

/** Of equal scores the cheaper one, as the search's own winners. */
function bestOf(config: Config, candidates: RunView["candidates"]): Found | null {
  const { space, architecture, seed, search } = config;
  if (architecture === null) {
    const scored = scoredCandidates(candidates);
    return scored.toSorted((a, b) =>
      b.score - a.score || a.macs - b.macs || a.parameters - b.parameters
    )[0] ??
      null;
  }
  const choices = fixedArchitecture(space, architecture, { seed, budget: search.budget });
  return { choices, ...architectureCost(costTable(space), choices), score: null };
}

/** The AP of the retrained detector, over all classes and by class. */
export function evaluationBody({ stages }: RunView): Markup {
  const state = stages.get("evaluate");
  if (state?.status !== "finished") {
    return markup`<p class="note">Measured at the end, on the test split.</p>`;
  }
  const { images, summary, perClass } = state.result as Omit<ReportEvaluation, "title">;
  const rows: [string, ClassAp][] = [["all classes", summary], ...Object.entries(perClass)];
  const table = htmlTable<[string, ClassAp]>([
    { title: "Class", value: ([name]) => name },
    { title: "AP", value: ([, { AP }]) => AP, text: ([, { AP }]) => formatFraction(AP) },
    {
      title: "AP50",
      value: ([, { AP50 }]) => AP50,
      text: ([, { AP50 }]) => formatFraction(AP50),
      bar: ([, { AP50 }]) => AP50,
    },
  ], rows);
  return markup`${table}<p class="note">The architecture trained alone, on the ${
    plural(images, "image")
  } of the test split.</p>`;
}

/** Photographs with what a network finds in them: the newest look while the run goes on, at its end the report's. */
export function photographsBody({ photographs, snapshot }: RunView): Markup {
  if (photographs !== null) return photographs === "" ? nothing : trusted(photographs);
  if (snapshot !== null) return snapshotBody(snapshot);
  return markup`<p class="note">Drawn from the detector's first checkpoint on.</p>`;
}

function snapshotBody({ stage, note, classNames, minScore, pictures }: Snapshot): Markup {
  const figures = pictures.map(({ id, detections, truths, ...picture }) => {
    const shown = { ...picture, title: id, detections, truths, outcome: null };
    const text = `${plural(detections.length, "detection")}, ${truths.length} true ${
      truths.length === 1 ? "box" : "boxes"
    }`;
    return figure(id, drawDetections(shown, classNames, minScore), text);
  });
  const seen = stage === "retrain" ? "Retraining learns from these images, too. " : "";
  return markup`<h3>${note}</h3>
<p>Images of the search's split with detections of a score of at least ${minScore}, solid with their score; the ground truth is thin and dashed. ${seen}The test split's follow with the report.</p>
${pictureLegend(classNames)}<div class="grid photo">
${figures}</div>`;
}
