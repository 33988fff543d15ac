/**
 * Forward passes of training over one branch: one pass over each layer, and one that joins. Each batch norm's statistics lie
 * between two passes, which is where workers exchange them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import {
  mergedMoments,
  type Moments,
  normRows,
  ownStatistics,
  toStatistics,
  writeBias,
  writeNorm,
} from "./batch_moments.ts";
import { kernelWeight, type LayerPlan } from "./layer_plan.ts";
import type { SharedWeights } from "./shared_weights.ts";
import { doubles, floatsAt, type NativeLibrary, type Pass, type PooledMemory } from "./native_library.ts";

/** What a forward pass leaves of one layer. */
export interface LayerResult {
  /** `[pixels, padded]`. */
  readonly z: PooledMemory;
  /** `[4 padded + 1]`; the last value is the count, over all workers. */
  readonly norm: PooledMemory;
  /** Of its batch norm; null without one. */
  readonly moments: Moments | null;
}

/** What a branch reads and writes. */
export interface ForwardPass {
  readonly input: bigint;
  /** Of the unit's output that the branch has a part of. */
  readonly joined: bigint;
  /** In the unit's order. */
  readonly parameters: readonly bigint[];
  readonly weights: SharedWeights;
  readonly reducer: MomentReducer | null;
}

/** Runs a branch's layers, from the first to the last; the results are the caller's. */
export function branchForward(
  native: NativeLibrary,
  branch: readonly LayerPlan[],
  { input, joined, parameters, weights, reducer }: ForwardPass,
): LayerResult[] {
  const results: LayerResult[] = [];
  for (const plan of branch) {
    const { layer, pixels, batchNorm } = plan;
    const padded = native.padded(layer.outChannels);
    const [z, norm] = [native.take(pixels * padded), native.take(normRows * padded + 1)];
    const before = results.at(-1);
    const sums = doubles(2 * layer.outChannels);
    const fields: Pass = {
      ...plan.geometry,
      ...(before ? { input: before.z.address, inputNorm: before.norm.address } : { input }),
      weight: kernelWeight(plan, parameters),
      prepared: weights.of(plan),
      z: z.address,
      norm: norm.address,
      ...(batchNorm < 0 ? {} : { sums }),
      joined,
    };
    native.forward(fields);
    weights.done(plan);
    const floats = floatsAt(norm.address, normRows * padded + 1);
    const moments = batchNorm < 0 ? null : momentsOf(plan, sums, reducer);
    writeLayerNorm(plan, moments, parameters, floats.subarray(0, -1));
    floats[normRows * padded] = moments?.count ?? pixels;
    results.push({ z, norm, moments });
    if (plan.isLast) native.join(fields);
  }
  return results;
}

/** A batch norm's mean and variance as tensors, the caller's; none for a layer without. */
export function layerStatistics(
  { layer, places }: LayerPlan,
  { moments }: LayerResult,
  parameters: readonly bigint[],
): Tensor[] {
  if (moments === null) return [];
  const bias = layer.bias ? floatsAt(parameters[places.bias], layer.outChannels) : null;
  return toStatistics(moments, bias).map((values) => tf.tensor1d(values));
}

function momentsOf({ pixels }: LayerPlan, sums: Float64Array, reducer: MomentReducer | null): Moments {
  const channels = sums.length / 2;
  return mergedMoments(
    { count: pixels, means: sums.subarray(0, channels), squares: sums.subarray(channels) },
    reducer,
  );
}

function writeLayerNorm(
  { layer, places }: LayerPlan,
  moments: Moments | null,
  parameters: readonly bigint[],
  to: Float32Array,
): void {
  const vector = (place: number): Float32Array => floatsAt(parameters[place], layer.outChannels);
  if (moments === null) return writeBias(layer.outChannels, layer.bias ? vector(places.bias) : null, to);
  writeNorm(ownStatistics(moments), vector(places.scale), vector(places.shift), to);
}
