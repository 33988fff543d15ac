/**
 * What is left of a network of maps where only its batch norms' moments are asked for.
 *
 * @module
 */
import type { LayerPlan } from "./layer_plan.ts";
import { type MapOperation, type MapPlan, readsOf } from "./map_plan.ts";

/** A plan without the operations, and the layers at branches' ends, on which no batch norm depends. */
export function planMoments(plan: MapPlan): MapPlan {
  const needed = new Set<number>();
  const operations: MapOperation[] = [];
  for (const operation of [...plan.operations].reverse()) {
    const left = leftOf(operation, needed.has(operation.output));
    if (left === null) continue;
    operations.unshift(left);
    (left.kind === "branch" ? [left.input] : readsOf(left)).forEach((map) => needed.add(map));
  }
  const layers = operations.flatMap((operation) => operation.kind === "branch" ? operation.layers : []);
  return { ...plan, operations, layers };
}

/** An operation as far as it is needed, if it is. */
function leftOf(operation: MapOperation, isRead: boolean): MapOperation | null {
  if (isRead) return operation;
  if (operation.kind !== "branch") return null;
  const layers = toLastNorm(operation.layers);
  return layers.length === 0 ? null : { ...operation, layers };
}

function toLastNorm(layers: readonly LayerPlan[]): LayerPlan[] {
  const normed = layers.slice(0, layers.findLastIndex(({ batchNorm }) => batchNorm >= 0) + 1);
  return normed.map((layer) => ({ ...layer, isLast: false })); // whose map nothing reads
}
