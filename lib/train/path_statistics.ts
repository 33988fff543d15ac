/**
 * The batch-norm statistics that architectures are scored with.
 *
 * @module
 */
import type { SearchConfig } from "../config/schema.ts";
import type { Unit } from "../nn/unit.ts";
import type { NetworkState } from "./network_state.ts";
import { nodesOf, type PrefixNode } from "./prefix_tree.ts";
import { movingAverage, type PathStatistics, trueAverage } from "./recalibrate.ts";

/** How batch-norm statistics are measured before scoring. */
export type Recalibration = SearchConfig["recalibration"];

/** Statistics of every node of a tree, by its key; a leaf's are also those of the units after the backbone. */
export type TreeStatistics = ReadonlyMap<string, PathStatistics>;

/** A network whose batch norms can be measured. */
export interface MeasuredModel<Batch> {
  /** The units that a batch passes at a node of a tree. */
  unitsAt(node: PrefixNode): Unit[];
  /** By node, each unit's moments of one batch: mean0, variance0, mean1, … */
  treeMoments(state: NetworkState, batch: Batch, tree: PrefixNode): Map<string, Map<Unit, Float32Array[]>>;
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
 * Measures the statistics of all candidates of a tree, each as if it were alone: what a block sees, and so what it
 * measures, depends on the blocks before it and on no other candidate.
 *
 * @returns The statistics, which the caller disposes; null stands for each batch's own.
 */
export async function measuredStatistics<Batch>(
  model: MeasuredModel<Batch>,
  state: NetworkState,
  { loader, indices }: CalibrationImages<Batch>,
  { mode, momentum, batchSize }: Recalibration,
  tree: PrefixNode,
): Promise<TreeStatistics | null> {
  if (mode === "batch") return null;
  if (mode === "inherited") return inheritedTreeStatistics(model, state, tree);
  const collectors = new Map([...nodesOf(tree)].map(({ key }) => [
    key,
    mode === "average" ? trueAverage() : movingAverage(momentum),
  ]));
  for await (const { batch, validCount } of loader.evaluationBatches(indices)) {
    // A batch that is filled up with repeats would count its last image more than once.
    if (validCount < batchSize && indices.length >= batchSize) continue;
    for (const [key, moments] of model.treeMoments(state, batch, tree)) collectors.get(key)!.add(moments);
  }
  return new Map([...collectors].map(([key, collector]) => [key, collector.statistics()]));
}

/** Copies of the running statistics along a tree; the caller disposes them. */
export function inheritedTreeStatistics(
  model: Pick<MeasuredModel<unknown>, "unitsAt">,
  state: NetworkState,
  tree: PrefixNode,
): TreeStatistics {
  return new Map(
    [...nodesOf(tree)].map((node) => [node.key, inheritedStatistics(state, model.unitsAt(node))]),
  );
}

/**
 * Copies of the running statistics of units; the caller disposes them.
 *
 * @throws {RangeError} If a unit is none of the network's; it is named.
 */
export function inheritedStatistics(state: NetworkState, units: readonly Unit[]): PathStatistics {
  return new Map(units.map((unit) => [unit, state.of(unit).statistics.map((tensor) => tensor.clone())]));
}

/** Disposes what was measured. */
export function disposeStatistics(statistics: PathStatistics): void {
  for (const tensors of statistics.values()) tensors.forEach((tensor) => tensor.dispose());
}

/** Disposes what was measured on a tree. */
export function disposeTreeStatistics(statistics: TreeStatistics | null): void {
  for (const ofNode of statistics?.values() ?? []) disposeStatistics(ofNode);
}
