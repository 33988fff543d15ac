/**
 * Forward passes over a network of maps.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { MapNetwork } from "../nn/map_network.ts";
import type { BranchOperation, MapPlan, PlainOperation } from "./map_plan.ts";
import { floatsAt, type NativeLibrary } from "./native_library.ts";

/** A map as a tensor, and where it lies; of an input, the address alone. */
export interface MapPlace {
  readonly tensor: Tensor | null;
  readonly address: bigint;
}

/**
 * Makes every map that is not within a branch.
 *
 * @param inputs The unit's inputs.
 * @param run Runs a branch into its output.
 * @returns The maps by number, the caller's; a sum's lies where its input was. Undefined within branches.
 */
export function runMaps(
  native: NativeLibrary,
  { operations, shapes }: MapPlan,
  inputs: readonly bigint[],
  run: (branch: BranchOperation, input: bigint, output: bigint) => void,
): MapPlace[] {
  const maps: MapPlace[] = inputs.map((address) => ({ tensor: null, address }));
  for (const operation of operations) {
    const from = maps[operation.input];
    const to = operation.kind === "sum" ? from : native.takeTensor(shapes[operation.output]);
    maps[operation.output] = to;
    if (operation.kind === "branch") run(operation, from.address, to.address);
    else runPlain(native, operation, maps);
  }
  return maps;
}

/**
 * A network's outputs, the caller's.
 *
 * @param maps Of {@linkcode runMaps}.
 */
export function mapOutputs({ outputs }: MapNetwork, maps: readonly MapPlace[]): Tensor[] {
  return outputs.map(({ maps: numbers, row }) => {
    const tensors = numbers.map((map) => maps[map].tensor!);
    if (row === null) return tensors[0].clone();
    return tf.tidy(() => tf.concat(tensors.map((map) => tf.reshape(map, [map.shape[0], -1, ...row])), 1));
  });
}

/** Disposes maps that were made. */
export function disposeMaps(maps: readonly MapPlace[]): void {
  tf.dispose([...new Set(maps.flatMap((map) => map?.tensor ?? []))]);
}

function runPlain(native: NativeLibrary, operation: PlainOperation, maps: readonly MapPlace[]): void {
  const { geometry, input, output } = operation;
  const [from, to] = [maps[input].address, maps[output].address];
  switch (operation.kind) {
    case "sum":
      return native.addEnlarged({ ...geometry, input: maps[operation.above].address, joined: to });
    case "everyOther":
      return native.takeEveryOther({ ...geometry, input: from, joined: to });
    case "relu": {
      const [x, y] = [from, to].map((address) => floatsAt(address, valuesOf(operation)));
      return x.forEach((value, i) => y[i] = Math.max(value, 0));
    }
    default:
      operation satisfies never;
  }
}

/** How many values a plain operation's output has. */
export function valuesOf({ geometry: { images, outHeight, outWidth, inputs } }: PlainOperation): number {
  return [images, outHeight, outWidth, inputs].reduce<number>((product, n) => product * Number(n), 1);
}
