/**
 * The gradients of a unit's parameters, added up over all places where a parameter is used.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayerPlan } from "./layer_plan.ts";
import type { NativeLibrary } from "./native_library.ts";

/** Where a pass puts a weight's gradient. */
export interface WeightGradient {
  readonly address: bigint;
  /** Whether there is one already, of another pass, which it is added to. */
  readonly adds: boolean;
}

/** Gradients in the making, by parameter. */
export class ParameterGradients {
  readonly #native: NativeLibrary;
  readonly #weights: ({ readonly tensor: Tensor; readonly address: bigint } | undefined)[] = [];
  readonly #vectors: (Float32Array | undefined)[] = [];

  constructor(native: NativeLibrary) {
    this.#native = native;
  }

  /** Where the next pass of a layer puts its weight's gradient. */
  weight({ places, layer: { kind, kernel, inChannels, outChannels } }: LayerPlan): WeightGradient {
    const before = this.#weights[places.weight];
    const shape = [kernel, kernel, inChannels, kind === "depthwise" ? 1 : outChannels]; // as `convWeightShape` has it
    const { address } = before ?? (this.#weights[places.weight] = this.#native.takeTensor(shape));
    return { address, adds: before !== undefined };
  }

  /** Adds to the gradient of the parameter at a place: a bias, a scale or a shift. */
  add(place: number, values: Float32Array): void {
    const sum = this.#vectors[place];
    if (sum === undefined) this.#vectors[place] = values;
    else values.forEach((value, c) => sum[c] += value);
  }

  /** All, in the order of the parameters; the caller's. */
  tensors(): Tensor[] {
    const count = Math.max(this.#weights.length, this.#vectors.length);
    return Array.from(
      { length: count },
      (_, place) => this.#weights[place]?.tensor ?? tf.tensor1d(this.#vectors[place]!),
    );
  }
}
