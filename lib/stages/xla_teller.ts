/**
 * Telling what XLA can't compile: it turns up when a unit first runs, in a worker.
 *
 * @module
 */
import type { StageContext } from "./stage_context.ts";

/** Tells of each function of a training once. */
export class XlaTeller {
  readonly #context: StageContext;
  readonly #label: string;
  readonly #told = new Set<string>();

  /** Has told nothing yet. `label` is what sentences begin with, e.g. `finetune`. */
  constructor(context: StageContext, label: string) {
    this.#context = context;
    this.#label = label;
  }

  /** Asks the trainer's first worker, where XLA is used, and tells what is new. */
  async tell(): Promise<void> {
    const { run, trainer, observer } = this.#context;
    if (run.config.device.kernels !== "xla") return;
    const { withoutXla = [] } = await trainer.finish((api) => api.device());
    for (const each of withoutXla.filter((each) => !this.#told.has(each))) {
      observer.say(`${this.#label}: runs on TensorFlow's kernels, without XLA: ${each}`);
      this.#told.add(each);
    }
  }
}
