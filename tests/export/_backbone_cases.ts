/**
 * Backbones with weights and an image made from a seed, whose features PyTorch has computed
 * (`tests/fixtures/make_backbone_fixtures.py`, which runs this file for what it needs).
 *
 * @module
 */
import { stream } from "../../lib/base/random.ts";
import { weightsFiles } from "../../lib/export/weights_export.ts";
import type { TrainedNetwork } from "../../lib/export/network_graph.ts";
import { supernet } from "../../lib/models/backbone.ts";
import type { ParameterSpec, Unit } from "../../lib/nn/unit.ts";
import { authorsChoices, type SearchSpace } from "../../lib/space/search_space.ts";
import type { StoredTensor } from "../../lib/train/safetensors.ts";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";

/** A network by name. */
export interface BackboneCase {
  readonly name: string;
  readonly network: TrainedNetwork;
}

const tiny: SearchSpace = {
  name: "tiny",
  choices: authorsChoices,
  stem: "shufflenet",
  stageRepeats: [2, 1, 2, 1],
  stemChannels: 4,
  stageChannels: [8, 16, 24, 32],
  lastChannels: 32,
  resolution: 64,
};
const resNet: SearchSpace = {
  ...tiny,
  name: "tiny-resnet",
  choices: [{ kind: "bottleneck" }],
  stem: "resnet",
};
const { detector } = shapesTiny;

/** All cases: both shuffles under architectures that hold every choice, and ResNet. */
export const backboneCases: readonly BackboneCase[] = [
  { name: "shuffle1", network: seededNetwork(tiny, 1, [0, 1, 2, 3, 0, 2]) },
  { name: "shuffle2", network: seededNetwork(tiny, 2, [3, 3, 0, 1, 2, 1]) },
  { name: "resnet", network: seededNetwork(resNet, 1, [0, 0, 0, 0, 0, 0]) },
];

/** `[1, H, W, 3]` whole numbers in 0..255. */
export const seededImage = {
  shape: [1, 64, 48, 3],
  data: Float32Array.from(
    { length: 64 * 48 * 3 },
    (_, i) => Math.floor(256 * stream(1, "image", String(i)).uniform()),
  ),
} as const;

/** The stem and one choice a block. */
export function unitsOf({ config: { space, shuffleMethod }, choices }: TrainedNetwork): Unit[] {
  const { stem, blocks } = supernet(space, shuffleMethod);
  return [stem, ...choices.map((choice, i) => blocks[i][choice])];
}

function seededNetwork(space: SearchSpace, shuffleMethod: 1 | 2, choices: readonly number[]): TrainedNetwork {
  const config = { space, shuffleMethod, detector };
  const network = { config, choices, tensors: new Map<string, StoredTensor>(), classes: [] };
  return { ...network, tensors: seededTensors(unitsOf(network)) };
}

/** Parameters and statistics of some units, each tensor drawn by its name. */
export function seededTensors(units: readonly Unit[]): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const unit of units) {
    for (const spec of unit.parameters) addParameter(tensors, unit, spec);
    for (const { name, channels } of unit.batchNorms) {
      const of = (part: string, value: (u: number) => number): void =>
        add(tensors, `${unit.name}.${name}.${part}`, [channels], value);
      of("mean", (u) => u - 0.5);
      of("variance", (u) => 0.5 + u);
    }
  }
  return tensors;
}

function addParameter(
  tensors: Map<string, StoredTensor>,
  unit: Unit,
  { name, shape, role }: ParameterSpec,
): void {
  const inputs = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const width = (unit.name === "stem" ? 0.02 : 3) / Math.sqrt(inputs); // an image's numbers are large
  add(tensors, `${unit.name}.${name}`, shape, (u) => {
    if (role === "weight") return width * (u - 0.5);
    return role === "bnScale" ? 0.5 + u : u - 0.4;
  });
}

/** A tensor of a function of draws in 0..1. */
function add(
  tensors: Map<string, StoredTensor>,
  name: string,
  shape: readonly number[],
  value: (u: number) => number,
): void {
  const random = stream(1, "tensor", name);
  const length = shape.reduce((product, size) => product * size, 1);
  tensors.set(name, {
    dtype: "F32",
    shape,
    data: Float32Array.from({ length }, () => value(random.uniform())),
  });
}

/** Writes each case's export into a folder, and the image. */
if (import.meta.main) {
  const [dir] = Deno.args;
  await Deno.writeTextFile(
    `${dir}/image.json`,
    JSON.stringify({ ...seededImage, data: [...seededImage.data] }),
  );
  for (const { name, network } of backboneCases) {
    await Deno.mkdir(`${dir}/${name}`);
    for (const file of weightsFiles(network)) await Deno.writeFile(`${dir}/${name}/${file.name}`, file.bytes);
  }
}
