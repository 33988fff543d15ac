/**
 * A network of maps in training as fused passes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Compiled, ForwardResult } from "../nn/compiled.ts";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import { checkCount } from "./batch_moments.ts";
import { branchBackward } from "./branch_backward.ts";
import { branchForward, type LayerResult, layerStatistics } from "./branch_forward.ts";
import { keptResults, type PassReducer } from "./fused_training.ts";
import { disposeMaps, mapOutputs, type MapPlace, runMaps, valuesOf } from "./map_forward.ts";
import { MapGradients } from "./map_gradients.ts";
import type { MapPlan, PlainOperation } from "./map_plan.ts";
import { floatsAt, type NativeLibrary } from "./native_library.ts";
import { ParameterGradients } from "./parameter_gradients.ts";
import { SharedWeights } from "./shared_weights.ts";

/**
 * Forward and backward pass. Residuals: the inputs, the parameters, what each layer left, see {@linkcode keptResults}, and the
 * maps of `MapPlan.kept`.
 */
export class MapTraining implements Compiled {
  readonly #native: NativeLibrary;
  readonly #plan: MapPlan;
  readonly #reducer: PassReducer;

  constructor(native: NativeLibrary, plan: MapPlan, reducer: PassReducer) {
    this.#native = native;
    this.#plan = plan;
    this.#reducer = reducer;
  }

  /** @throws {RangeError} If a batch norm has only one value a channel. */
  forward(inputs: readonly Tensor[]): ForwardResult {
    const { layers, kept } = this.#plan;
    const results: LayerResult[] = [];
    const { outputs, maps } = forwardMaps(
      this.#native,
      this.#plan,
      inputs,
      this.#reducer?.("forward") ?? null,
      (left) => results.push(...left),
    );
    const residuals = [
      ...inputs.map((input) => input.clone()),
      ...keptResults(this.#native, layers, results),
      ...kept.map((map) => maps[map].tensor!.clone()),
    ];
    disposeMaps(maps);
    return { outputs, residuals };
  }

  backward(outputGradients: readonly Tensor[], residuals: readonly Tensor[]): Tensor[] {
    const { network, shapes } = this.#plan;
    const parts = tf.tidy(() =>
      network.outputs.flatMap(({ maps, row }, i) => {
        if (row === null) return [outputGradients[i].clone()];
        const rows = maps.map((map) => rowsOf(shapes[map], row));
        return tf.split(outputGradients[i], rows, 1);
      })
    );
    const gradients = this.#native.read([...parts, ...residuals], (addresses) => {
      return this.#backward(addresses.slice(0, parts.length), addresses.slice(parts.length));
    });
    tf.dispose(parts);
    return gradients;
  }

  [Symbol.dispose](): void {}

  #backward(parts: readonly bigint[], residuals: readonly bigint[]): Tensor[] {
    const { network, operations, layers, shapes, kept, parameters: count } = this.#plan;
    const reducer = this.#reducer?.("backward") ?? null;
    const keptAt = network.inputs + count;
    const mapsAt = keptAt + 2 * layers.length;
    const mapAddress = (map: number): bigint =>
      residuals[map < network.inputs ? map : mapsAt + kept.indexOf(map)];
    using weights = new SharedWeights(this.#native, layers);
    const shared = {
      parameters: residuals.slice(network.inputs, keptAt),
      kept: residuals.slice(keptAt, mapsAt),
      weights,
      reducer,
    };
    const maps = new MapGradients(this.#native, shapes);
    network.outputs.flatMap((output) => output.maps).forEach((map, i) => maps.begin(map, parts[i]));
    const gradients = new ParameterGradients(this.#native);
    for (const operation of [...operations].reverse()) {
      const { input, output } = operation;
      if (operation.kind === "branch") {
        const own = { joined: maps.of(output), input: mapAddress(input), inputGradient: maps.place(input) };
        branchBackward(this.#native, operation.layers, { ...shared, ...own }, gradients);
      } else plainBackward(this.#native, operation, maps, mapAddress);
      maps.release(output);
    }
    const ofInputs = Array.from({ length: network.inputs }, (_, map) => maps.take(map));
    return [...ofInputs, ...gradients.tensors()];
  }
}

/**
 * A forward pass, normalised by the batch.
 *
 * @param inputs The unit's and the parameters.
 * @param keep Takes over what the layers of a branch left.
 * @returns The outputs with each batch norm's mean and variance, and the maps; the caller's.
 */
export function forwardMaps(
  native: NativeLibrary,
  plan: MapPlan,
  inputs: readonly Tensor[],
  reducer: MomentReducer | null,
  keep: (left: readonly LayerResult[]) => void,
): { outputs: Tensor[]; maps: MapPlace[] } {
  const { network, layers } = plan;
  if (reducer === null) {
    layers.forEach(({ batchNorm, pixels }) => batchNorm < 0 || checkCount(pixels));
  }
  return native.read(inputs, (addresses) => {
    const parameters = addresses.slice(network.inputs);
    const statistics: Tensor[][] = [];
    using weights = new SharedWeights(native, layers);
    const maps = runMaps(native, plan, addresses.slice(0, network.inputs), (operation, input, joined) => {
      const left = branchForward(native, operation.layers, {
        input,
        joined,
        parameters,
        weights,
        reducer,
      });
      operation.layers.forEach((layer, i) => {
        if (layer.batchNorm >= 0) statistics[layer.batchNorm] = layerStatistics(layer, left[i], parameters);
      });
      keep(left);
    });
    return { outputs: [...mapOutputs(network, maps), ...statistics.flat()], maps };
  });
}

function plainBackward(
  native: NativeLibrary,
  operation: PlainOperation,
  maps: MapGradients,
  mapAddress: (map: number) => bigint,
): void {
  const { geometry, input, output } = operation;
  const joined = maps.of(output);
  switch (operation.kind) {
    case "sum": {
      const { address, adds } = maps.place(operation.above);
      native.addReduced({ ...geometry, joined, inputGradient: address, adds });
      return maps.move(output, input);
    }
    case "everyOther": {
      const { address, adds } = maps.place(input);
      return native.giveEveryOther({ ...geometry, joined, inputGradient: address, adds });
    }
    case "relu": {
      const { address, adds } = maps.place(input);
      const [y, dy, dx] = [mapAddress(output), joined, address].map((at) =>
        floatsAt(at, valuesOf(operation))
      );
      return y.forEach((value, i) => dx[i] = (adds ? dx[i] : 0) + (value > 0 ? dy[i] : 0));
    }
    default:
      operation satisfies never;
  }
}

/** How many anchors' rows a map holds. */
function rowsOf([, height, width, channels]: readonly number[], row: readonly number[]): number {
  return height * width * channels / row.reduce((product, length) => product * length, 1);
}
