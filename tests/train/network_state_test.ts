import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { supernet } from "../../lib/models/backbone.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { unitsOnPath } from "../../lib/train/trunk.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import {
  bytesByName,
  movedTensors,
  tensorNames,
  tinyArchitecture,
  tinyConfig,
} from "../helpers/tiny_data.ts";

await useCpuBackend();
const net = supernet(tinyConfig.space, 1);
const all: Unit[] = [net.stem, ...net.blocks.flat()];

/** A state in which no tensor is as it was drawn. */
function trainedState(units: readonly Unit[]): NetworkState {
  const state = new NetworkState(units, 1);
  const stored = state.toHost();
  for (const { data } of stored.values()) data.forEach((value, i) => data[i] = Number(value) + 0.5 + i);
  state.fromHost(stored, { slots: true });
  return state;
}

Deno.test("a NetworkState's tensors go to the host and back without losing a bit", () => {
  using first = trainedState(all);
  using second = new NetworkState(all, 2);
  second.fromHost(first.toHost(), { slots: true });
  assertEquals(bytesByName(second), bytesByName(first));
});

Deno.test("NetworkState.toHost() names parameters, momentum and statistics, with their shapes", () => {
  using state = new NetworkState([net.stem], 1);
  assertEquals([...state.toHost()].map(([name, { shape }]) => [name, shape]), [
    ["stem.conv.weight", [3, 3, 3, 4]],
    ["stem.conv.weight.momentum", [3, 3, 3, 4]],
    ["stem.conv.bias", [4]],
    ["stem.conv.bias.momentum", [4]],
    ["stem.conv.scale", [4]],
    ["stem.conv.scale.momentum", [4]],
    ["stem.conv.shift", [4]],
    ["stem.conv.shift.momentum", [4]],
    ["stem.conv.mean", [4]],
    ["stem.conv.variance", [4]],
  ]);
});

Deno.test("NetworkState.toHost() gives copies: changing them leaves the network alone", () => {
  using state = new NetworkState([net.stem], 1);
  const before = bytesByName(state);
  for (const { data } of state.toHost().values()) (data as Float32Array).fill(7);
  assertEquals(bytesByName(state), before);
});

Deno.test("NetworkState.fromHost() without slots starts a new stage: momentum is zero, the rest is taken over", () => {
  using first = trainedState(all);
  using second = trainedState(all);
  second.fromHost(first.toHost(), { slots: false });
  const momenta = [...second.toHost()].filter(([name]) => name.endsWith(".momentum"));
  assertGreater(momenta.length, 0);
  assert(momenta.every(([, { data }]) => data.every((value) => value === 0)));
  const moved = movedTensors(bytesByName(first), bytesByName(second));
  assertEquals(moved, momenta.map(([name]) => name));
});

Deno.test("a unit's first values depend on seed and names only, whatever the set of units", () => {
  const few = unitsOnPath(net, tinyArchitecture);
  using whole = new NetworkState(all, 3);
  using part = new NetworkState([...few].reverse(), 3);
  using other = new NetworkState(few, 4);
  const wanted = bytesByName(whole);
  for (const [name, bytes] of bytesByName(part)) assertEquals(bytes, wanted.get(name), name);
  const weights = tensorNames(few, other).filter((name) => name.endsWith(".weight"));
  const moved = movedTensors(bytesByName(part), bytesByName(other));
  assertEquals(weights.filter((name) => !moved.includes(name)), []);
});

Deno.test("NetworkState.fromHost() takes a part of a larger network's tensors", () => {
  const few = unitsOnPath(net, tinyArchitecture);
  using whole = trainedState(all);
  using part = new NetworkState(few, 9);
  part.fromHost(whole.toHost(), { slots: true });
  const wanted = bytesByName(whole);
  for (const [name, bytes] of bytesByName(part)) assertEquals(bytes, wanted.get(name), name);
});

Deno.test("NetworkState.fromHost() names a missing tensor", () => {
  using state = new NetworkState(all, 1);
  const stored = state.toHost();
  stored.delete("stem.conv.mean");
  assertThrows(
    () => state.fromHost(stored, { slots: true }),
    RangeError,
    "Cannot load the network's state: tensor stem.conv.mean is missing",
  );
});

Deno.test("NetworkState.fromHost() names a tensor of another shape, with both shapes", () => {
  using state = new NetworkState(all, 1);
  const stored = state.toHost();
  stored.set("stem.conv.scale", { dtype: "F32", shape: [2, 2], data: new Float32Array(4) });
  assertThrows(
    () => state.fromHost(stored, { slots: true }),
    RangeError,
    "Cannot load tensor stem.conv.scale: its shape is [2,2], want [4]",
  );
});

Deno.test("NetworkState.fromHost() with mayLack keeps the first values of units that have no tensor stored, and no others", () => {
  const lacking = net.blocks[0][0];
  using state = trainedState(all);
  const before = bytesByName(state);
  using rest = new NetworkState(all.filter((unit) => unit !== lacking), 5);
  const stored = rest.toHost();
  state.fromHost(stored, { slots: true, mayLack: true });
  const moved = movedTensors(before, bytesByName(state));
  assertEquals(moved.filter((name) => name.startsWith(`${lacking.name}.`)), []);
  assertEquals(moved, [...stored.keys()]);
  assertThrows(() => state.fromHost(stored, { slots: true }), RangeError, `tensor ${lacking.name}.`);
  stored.delete(`${net.stem.name}.conv.weight.momentum`); // a unit stored in part is damaged, not lacking
  assertThrows(() => state.fromHost(stored, { slots: true, mayLack: true }), RangeError, "is missing");
});

Deno.test("NetworkState.of() refuses a unit of another network", () => {
  using state = new NetworkState([net.stem], 1);
  assertThrows(
    () => state.of(net.blocks[0][0]),
    RangeError,
    "Cannot find unit blocks.0.0 in the network's state",
  );
});

Deno.test("NetworkState.fromHost() changes nothing if it fails", () => {
  using state = new NetworkState(all, 1);
  using other = trainedState(all);
  const [before, count] = [bytesByName(state), tf.memory().numTensors];
  const stored = other.toHost();
  stored.delete(`${all[all.length - 1].name}.${all[all.length - 1].batchNorms[0].name}.variance`);
  assertThrows(() => state.fromHost(stored, { slots: true }), RangeError, "is missing");
  assertEquals(bytesByName(state), before);
  assertEquals(tf.memory().numTensors, count);
});

Deno.test("a disposed NetworkState leaves no tensor, whatever was loaded into it", () => {
  const before = tf.memory().numTensors;
  {
    using state = trainedState(all);
    state.fromHost(state.toHost(), { slots: false });
    assertGreater(tf.memory().numTensors, before);
  }
  assertEquals(tf.memory().numTensors, before);
});
