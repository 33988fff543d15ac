/**
 * A block in training as fused passes: forward one pass over each layer and one that joins; backward one that sums up the
 * incoming gradient of each branch and one over each layer. Each batch norm's statistics lie between two passes, which
 * is where workers exchange them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Compiled, ForwardResult } from "../nn/compiled.ts";
import type { NormedLayer } from "../nn/normed_block.ts";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import {
  checkCount,
  type GradientSums,
  mergedMoments,
  mergedSums,
  type Moments,
  normRows,
  ownStatistics,
  slopeOf,
  toStatistics,
  writeNorm,
} from "./batch_moments.ts";
import { type BlockPlan, branches, kernelWeight, type LayerPlan } from "./block_plan.ts";
import { reversedInputs } from "./image_weight.ts";
import { doubles, floatsAt, type NativeLibrary, type Pass, type PooledMemory } from "./native_library.ts";

/** Makes the {@linkcode MomentReducer} of one pass; null for a worker alone. */
export type PassReducer = ((pass: "forward" | "backward") => MomentReducer) | null;

/** What a forward pass leaves of one layer. */
interface LayerResult {
  readonly z: PooledMemory;
  readonly norm: PooledMemory;
  readonly moments: Moments;
}

/**
 * A block's forward and backward pass. Residuals: x, the parameters, then each layer's z `[pixels, padded]` and norm
 * `[4 padded + 1]`, whose last value is the count.
 */
export class FusedTraining implements Compiled {
  readonly #native: NativeLibrary;
  readonly #plan: BlockPlan;
  readonly #reducer: PassReducer;

  constructor(native: NativeLibrary, plan: BlockPlan, reducer: PassReducer) {
    this.#native = native;
    this.#plan = plan;
    this.#reducer = reducer;
  }

  /** @throws {RangeError} If there is only one value a channel. */
  forward(inputs: readonly Tensor[]): ForwardResult {
    const ordered = this.#plan.ofImages ? [...inputs.slice(-1), ...inputs.slice(0, -1)] : inputs;
    const { outputs, layers } = runForward(
      this.#native,
      this.#plan,
      ordered,
      this.#reducer?.("forward") ?? null,
    );
    const kept = layers.flatMap(({ z, norm }, i) => {
      const { pixels, layer } = this.#plan.layers[i];
      const padded = this.#native.padded(layer.outChannels);
      return [this.#native.adopt([pixels, padded], z), this.#native.adopt([normRows * padded + 1], norm)];
    });
    return { outputs, residuals: [...ordered.map((input) => input.clone()), ...kept] };
  }

  backward([dy]: readonly Tensor[], residuals: readonly Tensor[]): Tensor[] {
    const native = this.#native;
    const { layers, inputShape, ofImages, parameters: count } = this.#plan;
    const reducer = this.#reducer?.("backward") ?? null;
    return native.read([dy, ...residuals], ([joined, ...addresses]) => {
      const [input, ...parameters] = addresses.slice(0, 1 + count);
      const kept = addresses.slice(1 + count);
      const dx = ofImages ? null : native.takeTensor(inputShape);
      const gradients: Tensor[] = [];
      for (const branch of branches(layers)) {
        gradients.push(...this.#branchBackward(branch, { joined, input, parameters, kept, dx, reducer }));
      }
      return [...(dx === null ? [] : [dx.tensor]), ...gradients];
    });
  }

  [Symbol.dispose](): void {}

  /** From a branch's last layer to its first; the gradients of its parameters, in their order. */
  #branchBackward(branch: readonly LayerPlan[], pass: BackwardPass): Tensor[] {
    const native = this.#native;
    const gradients: Tensor[] = [];
    let incoming: PooledMemory | null = null;
    let sums = this.#incomingSums(branch[branch.length - 1], pass);
    for (const plan of [...branch].reverse()) {
      const { before, layer, index } = plan;
      const norm = floatsAt(pass.kept[2 * index + 1], normRows * native.padded(layer.outChannels) + 1);
      const slope = slopeOf(mergedSums(sums, pass.reducer), norm.subarray(0, -1), norm[norm.length - 1]);
      const outgoing: PooledMemory | null = before &&
        native.take(before.pixels * native.padded(before.layer.outChannels));
      const weightGradient = native.takeTensor(weightShape(plan));
      const inputSums = doubles(2 * layer.inChannels);
      native.backward({
        ...this.#fields(plan, pass),
        gradient: incoming?.address ?? 0n,
        slope,
        inputGradient: outgoing?.address ?? pass.dx?.address ?? 0n,
        adds: before === null && branch[0].index > 0,
        weightGradient: weightGradient.address,
        inputSums,
      });
      if (layer.kind === "conv") turnBack(weightGradient.address, layer);
      if (incoming !== null) native.give(incoming);
      const biasGradient = layer.bias ? [tf.zeros([layer.outChannels])] : []; // batch norm takes a bias away again
      const ofNorm = normGradients(sums, norm.subarray(0, -1));
      gradients.unshift(weightGradient.tensor, ...biasGradient, ...ofNorm);
      incoming = outgoing;
      sums = halves(inputSums);
    }
    return gradients;
  }

  #incomingSums(last: LayerPlan, pass: BackwardPass): GradientSums {
    const sums = doubles(2 * last.layer.outChannels);
    this.#native.gradientSums({ ...this.#fields(last, pass), sums });
    return halves(sums);
  }

  #fields(plan: LayerPlan, { joined, input, parameters, kept }: BackwardPass): Pass {
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
}

/** The gradient of a weight that was turned for images, in its place. */
function turnBack(address: bigint, { kernel, inChannels, outChannels }: NormedLayer): void {
  const gradient = floatsAt(address, kernel * kernel * inChannels * outChannels);
  gradient.set(reversedInputs(gradient, inChannels, outChannels));
}

/** What the layers of one backward pass share. */
interface BackwardPass {
  /** The block's gradient, as all addresses. */
  readonly joined: bigint;
  readonly input: bigint;
  /** In the block's order. */
  readonly parameters: readonly bigint[];
  /** z and norm of each layer. */
  readonly kept: readonly bigint[];
  /** The input's gradient; null for images. */
  readonly dx: { readonly address: bigint } | null;
  readonly reducer: MomentReducer | null;
}

/**
 * A block's forward pass, normalised by the batch.
 *
 * @param inputs x and the parameters.
 * @returns y and each batch norm's mean and variance, the caller's; and what each layer left, the caller's too.
 */
export function runForward(
  native: NativeLibrary,
  { layers, outputShape }: BlockPlan,
  inputs: readonly Tensor[],
  reducer: MomentReducer | null,
): { outputs: Tensor[]; layers: LayerResult[] } {
  if (reducer === null) layers.forEach(({ pixels }) => checkCount(pixels));
  return native.read(inputs, ([input, ...parameters]) => {
    const y = native.takeTensor(outputShape);
    const results: LayerResult[] = [];
    for (const plan of layers) {
      const { places, before, layer, pixels } = plan;
      const padded = native.padded(layer.outChannels);
      const [z, norm] = [native.take(pixels * padded), native.take(normRows * padded + 1)];
      const sums = doubles(2 * layer.outChannels);
      const fields: Pass = {
        ...plan.geometry,
        ...(before === null
          ? { input }
          : { input: results[before.index].z.address, inputNorm: results[before.index].norm.address }),
        weight: kernelWeight(plan, parameters),
        z: z.address,
        norm: norm.address,
        sums,
        joined: y.address,
      };
      native.forward(fields);
      const { g: means, gz: squares } = halves(sums);
      const moments = mergedMoments({ count: pixels, means, squares }, reducer);
      const floats = floatsAt(norm.address, normRows * padded + 1);
      const [scale, shift] = [places.scale, places.shift].map((place) =>
        floatsAt(parameters[place], layer.outChannels)
      );
      writeNorm(ownStatistics(moments), scale, shift, floats.subarray(0, -1));
      floats[normRows * padded] = moments.count;
      results.push({ z, norm, moments });
      if (plan.isLast) native.join(fields);
    }
    const statistics = layers.flatMap(({ layer, places, index }) => {
      const bias = layer.bias ? floatsAt(parameters[places.bias], layer.outChannels) : null;
      return toStatistics(results[index].moments, bias).map((values) => tf.tensor1d(values));
    });
    return { outputs: [y.tensor, ...statistics], layers: results };
  });
}

/** The gradients of scale and shift, from this worker's own sums: dScale = s sum g (z - mean), dShift = sum g. */
function normGradients({ g, gz }: GradientSums, norm: Float32Array): Tensor[] {
  const inverseDeviations = norm.subarray(3 * norm.length / normRows);
  return [Float32Array.from(gz, (sum, c) => sum * inverseDeviations[c]), Float32Array.from(g)]
    .map((values) => tf.tensor1d(values));
}

/** Of a `NormedLayer`, as `convWeightShape` has it. */
function weightShape({ layer: { kind, kernel, inChannels, outChannels } }: LayerPlan): number[] {
  return [kernel, kernel, inChannels, kind === "depthwise" ? 1 : outChannels];
}

function halves(values: Float64Array): GradientSums {
  return { g: values.subarray(0, values.length / 2), gz: values.subarray(values.length / 2) };
}
