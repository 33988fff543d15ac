/**
 * The gradients of maps in the making: each is what all that read the map give, added up.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import { floatsAt, type NativeLibrary, type PooledMemory } from "./native_library.ts";

/** One map's gradient. */
interface MapGradient {
  readonly address: bigint;
  /** Null if it is the caller's, and only to be read. */
  readonly memory: PooledMemory | null;
}

/** Gradients by map; they lie in the kernels' memory. */
export class MapGradients {
  readonly #native: NativeLibrary;
  readonly #shapes: readonly (readonly number[])[];
  readonly #gradients = new Map<number, MapGradient>();

  constructor(native: NativeLibrary, shapes: readonly (readonly number[])[]) {
    this.#native = native;
    this.#shapes = shapes;
  }

  /** Begins a map's gradient with one that stays the caller's, who keeps it until the map is done with. */
  begin(map: number, address: bigint): void {
    this.#gradients.set(map, { address, memory: null });
  }

  /** A map's gradient, complete. */
  of(map: number): bigint {
    return this.#gradients.get(map)!.address;
  }

  /** Where to write another part of a map's gradient, and whether it is to be added to what is there. */
  place(map: number): { readonly address: bigint; readonly adds: boolean } {
    const before = this.#gradients.get(map);
    if (before?.memory) return { address: before.address, adds: true };
    const memory = this.#native.take(this.#size(map));
    if (before) this.#floats(memory.address, map).set(this.#floats(before.address, map));
    this.#gradients.set(map, { address: memory.address, memory });
    return { address: memory.address, adds: before !== undefined };
  }

  /** Makes one map's gradient another's, which has none. */
  move(from: number, to: number): void {
    this.#gradients.set(to, this.#gradients.get(from)!);
    this.#gradients.delete(from);
  }

  /** Forgets a map's gradient. */
  release(map: number): void {
    const gradient = this.#gradients.get(map);
    if (gradient?.memory) this.#native.give(gradient.memory);
    this.#gradients.delete(map);
  }

  /** A map's gradient as a tensor, the caller's. */
  take(map: number): Tensor {
    const { memory } = this.#gradients.get(map)!;
    this.#gradients.delete(map);
    return this.#native.adopt(this.#shapes[map], memory!);
  }

  #floats(address: bigint, map: number): Float32Array {
    return floatsAt(address, this.#size(map));
  }

  #size(map: number): number {
    return this.#shapes[map].reduce((product, length) => product * length, 1);
  }
}
