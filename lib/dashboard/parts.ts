/**
 * The parts of the page that change: each is drawn anew only when what it shows has.
 *
 * @module
 */
import { type Markup, markup } from "../report/html.ts";
import { bestSoFarFigure } from "../report/progress_plots.ts";
import { scoredCandidates } from "../report/search_progress.ts";
import { scoreName } from "../run/plan.ts";
import { curvesBody } from "./curves_body.ts";
import { memoryBody } from "./memory_body.ts";
import { populationBody } from "./population_body.ts";
import { architectureBody, evaluationBody, photographsBody } from "./result_bodies.ts";
import type { RunView } from "./run_reader.ts";
import { imagesAStep, stagesBody, tilesBody } from "./stages_body.ts";
import { searchName, type TrainingView } from "./training_log.ts";

/** A part of the page, as it is sent. */
export interface Part {
  /** Its name, an identifier. */
  readonly id: string;
  /** The section of the page that it belongs to. */
  readonly section: SectionId;
  /** HTML, escaped. */
  readonly html: string;
}

/** The page's sections, in order, with their headings. */
export const sectionTitles = {
  now: "Now",
  training: "Training",
  population: "Population",
  architecture: "Best architecture",
  detection: "Detection",
  photographs: "Photographs",
} as const;

/** A section of the page. */
export type SectionId = keyof typeof sectionTitles;

/** A part before it is drawn. */
interface Plan {
  readonly id: string;
  readonly section: SectionId;
  /** Compared with the last look's: what the part is drawn from. */
  readonly of: readonly unknown[];
  readonly draw: () => Markup;
}

/** Draws a run's parts and knows what it has drawn. */
export class PartRenderer {
  readonly #drawn = new Map<string, { readonly of: readonly unknown[]; readonly part: Part }>();

  /** All parts as they were last drawn, in the page's order. */
  all(): Part[] {
    return [...this.#drawn.values()].map(({ part }) => part);
  }

  /**
   * Draws what has changed.
   *
   * @param view The run now.
   * @param isRunning Whether a command is at work on it.
   * @returns The parts that differ from those drawn last.
   */
  render(view: RunView, isRunning: boolean): Part[] {
    return plans(view, isRunning).flatMap(({ id, section, of, draw }) => {
      const before = this.#drawn.get(id);
      if (before !== undefined && before.of.every((value, i) => value === of[i])) return [];
      const part = { id, section, html: draw().source };
      this.#drawn.set(id, { of, part });
      return before?.part.html === part.html ? [] : [part];
    });
  }
}

function plans(view: RunView, isRunning: boolean): Plan[] {
  const { config, candidates, photographs, snapshot, stages, changedAtMs } = view;
  const evaluated = JSON.stringify(stages.get("evaluate"));
  return [
    {
      id: "tiles",
      section: "now",
      of: [changedAtMs],
      draw: () => tilesBody(view),
    },
    { id: "stages", section: "now", of: [changedAtMs, isRunning], draw: () => stagesBody(view, isRunning) },
    ...view.trainings.filter(({ name }) => name !== searchName).map((one) => trainingPlan(view, one)),
    ...populationPlans(view),
    {
      id: "architecture",
      section: "architecture",
      of: [candidates, config === null],
      draw: () => architectureBody(view),
    },
    { id: "evaluation", section: "detection", of: [evaluated], draw: () => evaluationBody(view) },
    {
      id: "photographs",
      section: "photographs",
      of: [photographs, snapshot],
      draw: () => photographsBody(view),
    },
  ];
}

function trainingPlan({ config }: RunView, training: TrainingView): Plan {
  const { name, step, totalSteps } = training;
  return {
    id: `training-${name.replace(/\W+/g, "-")}`,
    section: "training",
    of: [step, totalSteps],
    draw: () => markup`<h3>${name}</h3>\n${curvesBody(training, imagesAStep(config, name))}`,
  };
}

function populationPlans({ config, candidates, trainings }: RunView): Plan[] {
  if (config === null) return [];
  const searched = trainings.find(({ name }) => name === searchName);
  const { budget } = config.search;
  const name = scoreName(config);
  const best = (): Markup =>
    scoredCandidates(candidates).length === 0
      ? markup``
      : bestSoFarFigure({ scoreName: name, budget, candidates, fronts: [] });
  return [
    {
      id: "candidates",
      section: "population",
      of: [candidates],
      draw: () => populationBody(candidates, name, budget),
    },
    { id: "best", section: "population", of: [candidates], draw: best },
    ...(searched === undefined ? [] : [{
      id: "search-memory",
      section: "population" as const,
      of: [searched.step],
      draw: () => memoryBody(searched),
    }]),
  ];
}
