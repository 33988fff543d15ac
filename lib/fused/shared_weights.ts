/**
 * Weights that several layers of a pass share, as a pyramid's and a head's levels do: made ready for the kernels by the first
 * that needs one, for all of them.
 *
 * @module
 */
import type { LayerPlan } from "./layer_plan.ts";
import type { NativeLibrary } from "./native_library.ts";

/** The shared weights of one pass, forward or backward, in which no parameter changes. */
export class SharedWeights implements Disposable {
  readonly #native: Pick<NativeLibrary, "prepare" | "release">;
  /** How many layers are still to take a weight, by its place. */
  readonly #uses = new Map<number, number>();
  readonly #prepared = new Map<number, Deno.PointerObject>();

  /** @param layers All that the pass runs. */
  constructor(native: Pick<NativeLibrary, "prepare" | "release">, layers: readonly LayerPlan[]) {
    this.#native = native;
    for (const { places: { weight } } of layers) {
      this.#uses.set(weight, (this.#uses.get(weight) ?? 0) + 1);
    }
  }

  /** What a layer's pass takes as `prepared`: 0 if no layer to come has the same weight. */
  of({ places: { weight } }: LayerPlan): bigint {
    if (!this.#prepared.has(weight)) {
      if (this.#uses.get(weight)! < 2) return 0n;
      this.#prepared.set(weight, this.#native.prepare());
    }
    return Deno.UnsafePointer.value(this.#prepared.get(weight)!);
  }

  /** Counts a layer that has run; after its weight's last, what was prepared is given back. */
  done({ places: { weight } }: LayerPlan): void {
    const left = this.#uses.get(weight)! - 1;
    this.#uses.set(weight, left);
    const prepared = this.#prepared.get(weight);
    if (left > 0 || prepared === undefined) return;
    this.#native.release(prepared);
    this.#prepared.delete(weight);
  }

  /** Gives back what a pass that failed left. */
  [Symbol.dispose](): void {
    for (const prepared of this.#prepared.values()) this.#native.release(prepared);
    this.#prepared.clear();
  }
}
