/** Which networks of maps have kernels, and how they are laid out. */
import { assertEquals } from "@std/assert";
import { isMapNetwork, planMaps } from "../../lib/fused/map_plan.ts";
import { planMoments } from "../../lib/fused/moments_plan.ts";
import type { MapLayer, MapNetwork } from "../../lib/nn/map_network.ts";

const layer: MapLayer = {
  kind: "conv",
  kernel: 3,
  stride: 1,
  inChannels: 4,
  outChannels: 4,
  relu: true,
  bias: true,
  norms: 0,
};

/** Two layers, of which both the first and the second give an output. */
const network: MapNetwork = {
  inputs: 1,
  layers: [layer, { ...layer, bias: false, norms: 1 }],
  steps: [
    { kind: "layer", input: 0, layer: 0, norm: 0 },
    { kind: "layer", input: 1, layer: 1, norm: 0 },
    { kind: "everyOther", input: 2 },
  ],
  outputs: [{ maps: [3], row: null }],
};

Deno.test("planMaps() joins layers into a branch where nothing else reads the map between them", () => {
  const { operations, shapes, kept, parameters } = planMaps(network, [[2, 5, 7, 4]]);
  assertEquals(operations.map(({ kind, input, output }) => [kind, input, output]), [
    ["branch", 0, 2],
    ["everyOther", 2, 3],
  ]);
  assertEquals(shapes, [[2, 5, 7, 4], [2, 5, 7, 4], [2, 5, 7, 4], [2, 3, 4, 4]]);
  assertEquals([kept, parameters], [[], 5]);
});

Deno.test("planMaps() writes a map that is read twice, and keeps it for the backward pass", () => {
  const outputs = [{ maps: [3], row: null }, { maps: [1], row: [2] }];
  const { operations, kept } = planMaps({ ...network, outputs }, [[2, 5, 7, 4]]);
  assertEquals(operations.map(({ kind, input, output }) => [kind, input, output]), [
    ["branch", 0, 1],
    ["branch", 1, 2],
    ["everyOther", 2, 3],
  ]);
  assertEquals(kept, [1]);
});

Deno.test("planMaps() numbers parameters and batch norms layer by layer", () => {
  const { layers } = planMaps(network, [[2, 5, 7, 4]]);
  assertEquals(layers.map(({ places, batchNorm }) => [places, batchNorm]), [
    [{ weight: 0, bias: 1, scale: -1, shift: -1 }, -1],
    [{ weight: 2, bias: -1, scale: 3, shift: 4 }, 0],
  ]);
});

const others: Readonly<Record<string, MapNetwork>> = {
  "a layer of stride 2": { ...network, layers: [{ ...layer, stride: 2 }, network.layers[1]] },
  "a kernel of 5": { ...network, layers: [{ ...layer, kernel: 5 }, network.layers[1]] },
  "a layer that no step runs": { ...network, layers: [...network.layers, layer] },
  "a batch norm of two maps": {
    ...network,
    steps: [...network.steps.slice(0, 2), { kind: "layer", input: 2, layer: 1, norm: 0 }],
  },
  "a batch norm of no map": { ...network, layers: [layer, { ...layer, norms: 2 }] },
  "a map that nothing reads": { ...network, outputs: [{ maps: [2], row: null }] },
  "a map that is read before it is made": {
    ...network,
    steps: [{ kind: "layer", input: 2, layer: 0, norm: 0 }, ...network.steps.slice(1)],
  },
  "an input that comes out": { ...network, outputs: [...network.outputs, { maps: [0], row: null }] },
  "a sum whose input is read elsewhere": {
    ...network,
    steps: [...network.steps.slice(0, 2), { kind: "sum", input: 2, above: 1 }],
    outputs: [{ maps: [3], row: null }, { maps: [2], row: null }],
  },
};

Deno.test("isMapNetwork() takes a network of 3x3 and 1x1 layers", () => {
  assertEquals(isMapNetwork(network), true);
});

for (const [what, other] of Object.entries(others)) {
  Deno.test(`isMapNetwork() leaves a network to the compiler that has ${what}`, () => {
    assertEquals(isMapNetwork(other), false);
  });
}

Deno.test("planMoments() leaves out every operation and every last layer on which no batch norm depends", () => {
  const normed = { ...layer, bias: false, norms: 1 };
  const plan = planMaps({
    inputs: 1,
    layers: [layer, normed, layer, normed, layer],
    steps: [
      { kind: "layer", input: 0, layer: 0, norm: 0 },
      { kind: "everyOther", input: 1 },
      { kind: "layer", input: 2, layer: 1, norm: 0 },
      { kind: "layer", input: 3, layer: 2, norm: 0 },
      { kind: "layer", input: 0, layer: 3, norm: 0 },
      { kind: "layer", input: 0, layer: 4, norm: 0 },
      { kind: "everyOther", input: 5 },
    ],
    outputs: [4, 6, 7].map((map) => ({ maps: [map], row: null })),
  }, [[2, 5, 7, 4]]);
  const left = planMoments(plan);
  const named = left.operations.map((operation) =>
    operation.kind === "branch" ? operation.layers.map(({ places }) => places.weight) : operation.kind
  );
  const weights = plan.layers.map(({ places }) => places.weight);
  assertEquals(named, [[weights[0]], "everyOther", [weights[1]], [weights[3]]]);
  assertEquals(left.layers.map(({ isLast }) => isLast), [true, false, false]);
});
