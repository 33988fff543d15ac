/**
 * All that training changes in a network: parameters, momentum slots and running statistics, by unit.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { stream } from "../base/random.ts";
import { initialStatistics, initialValues } from "../nn/init.ts";
import type { Unit } from "../nn/unit.ts";
import type { StoredTensor } from "./safetensors.ts";

/** One unit's tensors; the network state owns them. */
export interface UnitState {
  /** In the order of the unit's parameters, float32 of their shapes, e.g. `[K, K, I, O]`. */
  readonly parameters: readonly Tensor[];
  /** SGD's momentum, in the same order and of the same shapes, e.g. `[K, K, I, O]`. */
  readonly slots: readonly Tensor[];
  /** Running mean0, variance0, mean1, …, `[C]` float32 each. */
  readonly statistics: readonly Tensor[];
}

/** The tensors of a network's units. */
export class NetworkState implements Disposable {
  readonly #units: readonly Unit[];
  readonly #states = new Map<Unit, UnitState>();

  /**
   * Draws the first values of every unit.
   *
   * @param units The network's units; their names must differ.
   * @param seed Names the draws: a unit's first values depend on the seed and on names only.
   */
  constructor(units: readonly Unit[], seed: number) {
    this.#units = units;
    for (const unit of units) this.#states.set(unit, firstState(unit, seed));
  }

  /**
   * A unit's tensors: for reading only.
   *
   * @throws {RangeError} If the unit is none of the network's; it is named.
   */
  of(unit: Unit): UnitState {
    const state = this.#states.get(unit);
    if (state === undefined) throw new RangeError(`Cannot find unit ${unit.name} in the network's state`);
    return state;
  }

  /**
   * Puts new tensors in the place of a unit's; takes them over and disposes the old ones.
   *
   * @throws {RangeError} If the unit is none of the network's; it is named.
   */
  replace(unit: Unit, next: UnitState): void {
    disposeState(this.of(unit));
    this.#states.set(unit, next);
  }

  /**
   * Puts new running statistics in the place of a unit's; takes them over and disposes the old ones.
   *
   * @param statistics mean0, variance0, mean1, …, `[C]` float32 each.
   * @throws {RangeError} If the unit is none of the network's; it is named.
   */
  replaceStatistics(unit: Unit, statistics: readonly Tensor[]): void {
    const old = this.of(unit);
    this.#states.set(unit, { ...old, statistics });
    tf.dispose([...old.statistics]);
  }

  /** A copy of everything on the host, by name: `<unit>.<parameter>`, with `.momentum`, and `<unit>.<batch norm>.mean`. */
  toHost(): Map<string, StoredTensor> {
    const tensors = new Map<string, StoredTensor>();
    for (const unit of this.#units) {
      for (const [name, tensor] of namedTensors(unit, this.of(unit))) tensors.set(name, download(tensor));
    }
    return tensors;
  }

  /**
   * Takes values over from the host.
   *
   * @param tensors As {@linkcode NetworkState.toHost} gives; may hold more.
   * @param options.slots Whether momentum comes too (resuming) or starts at zero (a new stage).
   * @param options.mayLack Whether units without any stored tensor keep their first values.
   * @throws {RangeError} If a tensor is missing or of another shape; it is named, and nothing has changed.
   */
  fromHost(
    tensors: ReadonlyMap<string, StoredTensor>,
    options: { readonly slots: boolean; readonly mayLack?: boolean },
  ): void {
    const isStored = (unit: Unit): boolean =>
      unit.parameters.some(({ name }) => tensors.has(`${unit.name}.${name}`));
    const units = this.#units.filter((unit) => !options.mayLack || isStored(unit));
    for (const unit of units) checkStored(unit, this.of(unit), tensors, options.slots);
    for (const unit of units) this.replace(unit, storedState(unit, this.of(unit), tensors, options.slots));
  }

  /** Disposes every tensor. */
  [Symbol.dispose](): void {
    for (const state of this.#states.values()) disposeState(state);
    this.#states.clear();
  }
}

function firstState(unit: Unit, seed: number): UnitState {
  return {
    parameters: unit.parameters.map((spec) =>
      tf.tensor(initialValues(spec, stream(seed, "init", unit.name, spec.name)), [...spec.shape])
    ),
    slots: unit.parameters.map((spec) => tf.zeros([...spec.shape])),
    statistics: unit.batchNorms.flatMap((spec) =>
      initialStatistics(spec).map((values) => tf.tensor1d(values))
    ),
  };
}

function* namedTensors(unit: Unit, state: UnitState): Generator<[string, Tensor]> {
  for (const [i, { name }] of unit.parameters.entries()) {
    yield [`${unit.name}.${name}`, state.parameters[i]];
    yield [`${unit.name}.${name}.momentum`, state.slots[i]];
  }
  for (const [i, { name }] of unit.batchNorms.entries()) {
    yield [`${unit.name}.${name}.mean`, state.statistics[2 * i]];
    yield [`${unit.name}.${name}.variance`, state.statistics[2 * i + 1]];
  }
}

function checkStored(
  unit: Unit,
  current: UnitState,
  tensors: ReadonlyMap<string, StoredTensor>,
  withSlots: boolean,
): void {
  for (const [name, tensor] of namedTensors(unit, current)) {
    if (!withSlots && current.slots.includes(tensor)) continue;
    const stored = tensors.get(name);
    if (stored === undefined) {
      throw new RangeError(`Cannot load the network's state: tensor ${name} is missing`);
    }
    if (String(stored.shape) === String(tensor.shape)) continue;
    throw new RangeError(
      `Cannot load tensor ${name}: its shape is [${stored.shape}], want [${tensor.shape}]`,
    );
  }
}

/** The unit's tensors from stored ones, which are checked. */
function storedState(
  unit: Unit,
  current: UnitState,
  tensors: ReadonlyMap<string, StoredTensor>,
  withSlots: boolean,
): UnitState {
  const nameOf = new Map([...namedTensors(unit, current)].map(([name, tensor]) => [tensor, name]));
  const stored = (tensor: Tensor): Tensor =>
    tf.tensor(tensors.get(nameOf.get(tensor)!)!.data as Float32Array, tensor.shape, "float32");
  return {
    parameters: current.parameters.map(stored),
    slots: current.slots.map((slot) => withSlots ? stored(slot) : tf.zeros(slot.shape)),
    statistics: current.statistics.map(stored),
  };
}

function download(tensor: Tensor): StoredTensor {
  return { shape: tensor.shape, dtype: "F32", data: tensor.dataSync<"float32">().slice() };
}

function disposeState(state: UnitState): void {
  tf.dispose([...state.parameters, ...state.slots, ...state.statistics]);
}
