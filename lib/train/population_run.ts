/**
 * The measuring of batch-norm statistics at a training's end, in parts small enough to stop between.
 *
 * @module
 */
import type { DetectionBatch } from "../data/sample.ts";
import type { MeasuringProgress } from "./population_pass.ts";

/** A measurement of batch-norm statistics, which depends on parameters and images alone. */
export interface PopulationMeasurement {
  /** How many images they are measured on. */
  readonly images: number;
  /** Starts anew. */
  start(): MeasuringRun;
}

/** A measurement under way; disposed before its end it has changed nothing. */
export interface MeasuringRun extends Disposable {
  /** Goes on by a batch that is loaded, or that passes a unit; has replaced the network's statistics when it is done. */
  next(): Promise<IteratorResult<MeasuringProgress, MeasuringProgress>>;
}

/** What is measured on, and how. */
export interface Population {
  /** How many batches, at least one. */
  readonly batches: number;
  /** Units to measure. */
  readonly units: number;
  /** Loads a batch. */
  load(index: number): Promise<DetectionBatch>;
  /** Measures on all of them, see `measureNetwork`. */
  measure(batches: readonly DetectionBatch[]): Generator<MeasuringProgress, MeasuringProgress>;
}

/** Starts measuring; loads nothing yet. */
export function measuringRun(population: Population): MeasuringRun {
  const batches: DetectionBatch[] = [];
  let measuring: ReturnType<Population["measure"]> | null = null;
  return {
    async next(): Promise<IteratorResult<MeasuringProgress, MeasuringProgress>> {
      if (batches.length < population.batches) {
        batches.push(await population.load(batches.length));
        return { done: false, value: { done: 0, total: population.units } };
      }
      measuring ??= population.measure(batches);
      return measuring.next();
    },
    [Symbol.dispose]: () => measuring?.[Symbol.dispose](),
  };
}
