/**
 * Looks at what a run's networks find while they are trained and searched, and keeps it for those who watch. Nothing that
 * a run results in depends on it.
 *
 * @module
 */
import { scoreName } from "../run/plan.ts";
import {
  keepSnapshots,
  listSnapshots,
  readSnapshot,
  type Snapshot,
  writeSnapshot,
} from "../run/snapshots.ts";
import type { SearchHistory } from "../search/history.ts";
import { winners } from "../search/winners.ts";
import type { LivePictures, TrainingStatus } from "../workers/worker_api.ts";
import { type StageContext, trainingTask } from "./stage_context.ts";

/** About how many looks at a stage are kept, evenly spread, beside the last. */
const keptLooks = 12;

/** Looks at a training at its checkpoints; a run that goes on has the looks that one without a stop has. */
export class TrainingLooks {
  readonly #context: StageContext;
  readonly #stage: string;
  readonly #everySteps: number;
  readonly #steps: number;

  /**
   * Without a look yet.
   *
   * @param stage The training's name.
   * @param status Says at which steps it is looked at.
   */
  constructor(context: StageContext, stage: string, { pictureSteps, steps }: TrainingStatus) {
    this.#context = context;
    this.#stage = stage;
    this.#everySteps = pictureSteps ?? Infinity;
    this.#steps = steps;
  }

  get #dir(): string {
    return this.#context.run.paths.detections;
  }

  /** Whether the training is looked at after a step; its checkpoint comes first. */
  isDue(step: number): boolean {
    return Number.isFinite(this.#everySteps) && (step === this.#steps || step % this.#everySteps === 0);
  }

  /** Takes back the looks after the step that the training goes on from, and makes up for the one at it. */
  async resume(step: number): Promise<void> {
    if (!Number.isFinite(this.#everySteps)) return;
    await keepSnapshots(this.#dir, this.#stage, (taken) => taken <= step);
    const taken = (await listSnapshots(this.#dir)).filter(({ stage }) => stage === this.#stage);
    if (step > 0 && step < this.#steps && taken.at(-1)?.step !== step) await this.look(step);
  }

  /** Looks, if it is due. */
  async look(step: number): Promise<void> {
    if (!this.isDue(step)) return;
    const task = trainingTask(this.#context);
    const found = await this.#context.trainer.call((api) => api.trainingPictures(task));
    const network = this.#stage === "finetune" ? "the supernet along its cheapest path" : "the winner alone";
    const note = `${this.#stage}, step ${step} of ${this.#steps}: ${network}`;
    await keepLook(this.#context, { stage: this.#stage, step, note, choices: null, ...found });
    const between = spacedSteps(this.#everySteps, this.#steps);
    await keepSnapshots(this.#dir, this.#stage, (taken) => taken >= step || taken % between === 0);
  }
}

/** Looks at a search's best candidate after each generation that has brought a better one. */
export class SearchLooks {
  readonly #context: StageContext;
  readonly #history: SearchHistory;
  readonly #find: (choices: readonly number[]) => Promise<LivePictures>;
  /** All so far, one after the other. */
  #looks: Promise<void> = Promise.resolve();

  /**
   * Without a look yet.
   *
   * @param find What a candidate finds.
   */
  constructor(
    context: StageContext,
    history: SearchHistory,
    find: (choices: readonly number[]) => Promise<LivePictures>,
  ) {
    this.#context = context;
    this.#history = history;
    this.#find = find;
  }

  /** Begins a look if there is a better candidate; what goes wrong is said, and no reason to end a search. */
  generationEnded(): void {
    const [best] = winners(this.#history, 1);
    const step = this.#history.all().length;
    if (best === undefined) return;
    this.#looks = this.#looks.then(() => this.#look(best.choices, best.score, step)).catch((error) => {
      const { signal, observer } = this.#context;
      if (!signal.aborted) observer.say(`search: no pictures of the best candidate: ${error.message}`);
    });
  }

  /** Waits for the looks that have begun. */
  async done(): Promise<void> {
    await this.#looks;
  }

  async #look(choices: readonly number[], score: number, step: number): Promise<void> {
    const { run: { paths, config } } = this.#context;
    await keepSnapshots(paths.detections, "search", (taken) => taken < step);
    const last = (await listSnapshots(paths.detections)).findLast(({ stage }) => stage === "search");
    const shown = last === undefined ? null : await readSnapshot(last);
    if (shown?.choices?.join() === choices.join()) return;
    const note = `search, ${step} candidates: the best, ${scoreName(config)} ${score.toFixed(3)}`;
    await keepLook(this.#context, { stage: "search", step, note, choices, ...await this.#find(choices) });
  }
}

/** Images without objects have nothing to show. */
async function keepLook({ run }: StageContext, snapshot: Snapshot): Promise<void> {
  if (snapshot.pictures.length > 0) await writeSnapshot(run.paths.detections, snapshot);
}

/** How many steps lie between looks that are kept. */
function spacedSteps(everySteps: number, steps: number): number {
  let spaced = everySteps;
  while (steps / spaced > keptLooks) spaced *= 2;
  return spaced;
}
