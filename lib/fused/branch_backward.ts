/**
 * Backward passes over one branch: one that sums up the incoming gradient, and one over each layer, from the last to the first.
 * Workers exchange each batch norm's sums between two passes.
 *
 * @module
 */
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import { biasSlope, type GradientSums, mergedSums, normRows, slopeOf } from "./batch_moments.ts";
import { reversedInputs } from "./image_weight.ts";
import { kernelWeight, type LayerPlan, patchesView } from "./layer_plan.ts";
import { doubles, floatsAt, type NativeLibrary, type Pass, type PooledMemory } from "./native_library.ts";
import type { ParameterGradients } from "./parameter_gradients.ts";
import type { SharedWeights } from "./shared_weights.ts";

/** What one branch's backward pass reads and writes. */
export interface BackwardPass {
  /** The gradient of the unit's output that the branch has a part of. */
  readonly joined: bigint;
  readonly input: bigint;
  /** In the unit's order. */
  readonly parameters: readonly bigint[];
  /** z and norm of each layer of the unit. */
  readonly kept: readonly bigint[];
  /** The input's gradient, and whether there is one already that this branch's is added to; null for images. */
  readonly inputGradient: { readonly address: bigint; readonly adds: boolean } | null;
  readonly weights: SharedWeights;
  readonly reducer: MomentReducer | null;
}

/** Adds the gradients of a branch's parameters to those of the unit, and writes the input's. */
export function branchBackward(
  native: NativeLibrary,
  branch: readonly LayerPlan[],
  pass: BackwardPass,
  gradients: ParameterGradients,
): void {
  let incoming: PooledMemory | null = null;
  let sums = incomingSums(native, branch[branch.length - 1], pass);
  for (const plan of [...branch].reverse()) {
    const { before, layer, index } = plan;
    const norm = floatsAt(pass.kept[2 * index + 1], normRows * native.padded(layer.outChannels) + 1);
    const outgoing: PooledMemory | null = before &&
      native.take(before.pixels * native.padded(before.layer.outChannels));
    const weightGradient = gradients.weight(plan);
    const inputSums = doubles(2 * layer.inChannels);
    native.backward({
      ...fieldsOf(plan, pass),
      prepared: pass.weights.of(plan),
      gradient: incoming?.address ?? 0n,
      slope: layerSlope(plan, sums, norm, pass.reducer),
      inputGradient: outgoing?.address ?? pass.inputGradient?.address ?? 0n,
      adds: before === null && (pass.inputGradient?.adds ?? false),
      weightGradient: weightGradient.address,
      weightGradientAdds: weightGradient.adds,
      inputSums,
    });
    pass.weights.done(plan);
    if (plan.geometry.view === patchesView) turnBack(weightGradient.address, plan);
    if (incoming !== null) native.give(incoming);
    addVectors(plan, sums, norm.subarray(0, -1), gradients);
    incoming = outgoing;
    sums = halves(inputSums);
  }
}

function incomingSums(native: NativeLibrary, last: LayerPlan, pass: BackwardPass): GradientSums {
  const sums = doubles(2 * last.layer.outChannels);
  native.gradientSums({ ...fieldsOf(last, pass), sums });
  return halves(sums);
}

function fieldsOf(plan: LayerPlan, { joined, input, parameters, kept }: BackwardPass): Pass {
  const { geometry, before, index } = plan;
  return {
    ...geometry,
    ...(before === null
      ? { input }
      : { input: kept[2 * before.index], inputNorm: kept[2 * before.index + 1] }),
    weight: kernelWeight(plan, parameters),
    z: kept[2 * index],
    norm: kept[2 * index + 1],
    joined,
  };
}

/** @param norm With the count behind it. */
function layerSlope(
  { batchNorm }: LayerPlan,
  sums: GradientSums,
  norm: Float32Array,
  reducer: MomentReducer | null,
): Float32Array<ArrayBuffer> {
  if (batchNorm < 0) return biasSlope((norm.length - 1) / normRows, sums.g.length);
  return slopeOf(mergedSums(sums, reducer), norm.subarray(0, -1), norm[norm.length - 1]);
}

/** From this worker's own sums: dScale = s sum g (z - mean), dShift = sum g; of a bias alone, sum g. */
function addVectors(
  { places, layer, batchNorm }: LayerPlan,
  { g, gz }: GradientSums,
  norm: Float32Array,
  gradients: ParameterGradients,
): void {
  // Batch norm takes a bias away again.
  if (layer.bias) {
    gradients.add(places.bias, batchNorm < 0 ? Float32Array.from(g) : new Float32Array(g.length));
  }
  if (batchNorm < 0) return;
  const inverseDeviations = norm.subarray(3 * norm.length / normRows);
  gradients.add(places.scale, Float32Array.from(gz, (sum, c) => sum * inverseDeviations[c]));
  gradients.add(places.shift, Float32Array.from(g));
}

/** The gradient of a weight that was turned for images, in its place. */
function turnBack(address: bigint, { layer: { kernel, inChannels, outChannels } }: LayerPlan): void {
  const gradient = floatsAt(address, kernel * kernel * inChannels * outChannels);
  gradient.set(reversedInputs(gradient, inChannels, outChannels));
}

function halves(values: Float64Array): GradientSums {
  return { g: values.subarray(0, values.length / 2), gz: values.subarray(values.length / 2) };
}
