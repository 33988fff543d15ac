/**
 * The batch-norm statistics that an architecture is scored with.
 *
 * @module
 */
import type { SearchConfig } from "../config/schema.ts";
import type { Unit } from "../nn/unit.ts";
import type { Architecture } from "../space/architecture.ts";
import type { NetworkState } from "./network_state.ts";
import { movingAverage, type PathStatistics, trueAverage } from "./recalibrate.ts";

/** How batch-norm statistics are measured before scoring. */
export type Recalibration = SearchConfig["recalibration"];

/** A network whose batch norms can be measured. */
export interface MeasuredModel<Batch> {
  /** The units of a path. */
  unitsOnPath(choices: Architecture): Unit[];
  /** Each unit's moments of one batch: mean0, variance0, mean1, … */
  batchMoments(state: NetworkState, batch: Batch, choices: Architecture): Map<Unit, Float32Array[]>;
}

/** The images that statistics are taken from, in batches of the recalibration's size. */
export interface CalibrationImages<Batch> {
  readonly loader: {
    evaluationBatches(
      indices: readonly number[],
    ): AsyncIterable<{ readonly batch: Batch; readonly validCount: number }>;
  };
  readonly indices: readonly number[];
}

/**
 * Measures a candidate's own statistics.
 *
 * @returns The statistics, which the caller disposes; null stands for each batch's own.
 */
export async function measuredStatistics<Batch>(
  model: MeasuredModel<Batch>,
  state: NetworkState,
  { loader, indices }: CalibrationImages<Batch>,
  { mode, momentum, batchSize }: Recalibration,
  choices: Architecture,
): Promise<PathStatistics | null> {
  if (mode === "batch") return null;
  if (mode === "inherited") return inheritedStatistics(model, state, choices);
  const collector = mode === "average" ? trueAverage() : movingAverage(momentum);
  for await (const { batch, validCount } of loader.evaluationBatches(indices)) {
    // A batch that is filled up with repeats would count its last image more than once.
    if (validCount < batchSize && indices.length >= batchSize) continue;
    collector.add(model.batchMoments(state, batch, choices));
  }
  return collector.statistics();
}

/** Copies of the running statistics of a path's units; the caller disposes them. */
export function inheritedStatistics(
  model: Pick<MeasuredModel<unknown>, "unitsOnPath">,
  state: NetworkState,
  choices: Architecture,
): PathStatistics {
  return new Map(
    model.unitsOnPath(choices).map((
      unit,
    ) => [unit, state.of(unit).statistics.map((tensor) => tensor.clone())]),
  );
}

/** Disposes what was measured. */
export function disposeStatistics(statistics: PathStatistics | null): void {
  for (const tensors of statistics?.values() ?? []) tensors.forEach((tensor) => tensor.dispose());
}
