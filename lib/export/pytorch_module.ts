/**
 * Writes a backbone as a Python file: PyTorch's modules with the layers of one architecture, and a function that loads
 * the weights of `backbone_weights.ts`. It needs torch and safetensors, and nothing of this project.
 *
 * @module
 */
import { batchNormEpsilon } from "../nn/batch_norm.ts";
import { architectureKey } from "../space/architecture.ts";
import { blockLayers, type ConvLayer, stemLayers } from "../space/block_layers.ts";
import { blockShapes } from "../space/search_space.ts";
import type { TrainedNetwork } from "./network_graph.ts";

/**
 * The file's text.
 *
 * @param weightsName The weights' file, which lies beside it.
 */
export function pytorchModule(
  { config: { space, shuffleMethod }, choices }: Pick<TrainedNetwork, "config" | "choices">,
  weightsName: string,
): string {
  const { conv, maxPool } = stemLayers(space);
  const blocks = blockShapes(space).map((shape, i) => {
    const { join, main, projection } = blockLayers(space.choices[choices[i]], shape);
    const lists = [main, projection].map((layers) => `[${layers.map(layerCall).join(", ")}]`);
    return [
      `    (`,
      `        ${shape.stage},`,
      `        "${join}",`,
      ...lists.map((list) => `        ${list},`),
      `    ),`,
    ];
  });
  return `"""Architecture ${architectureKey(choices)} of space ${space.name}, written by DetNAS.

    backbone = load()                # with the weights of ${weightsName}
    c2, c3, c4, c5 = backbone(images)

Images are float32 [N, 3, H, W], RGB in 0..255, not normalised; each output is half as large as the one before.
"""
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn


class Layer(NamedTuple):
    """A convolution (padded by kernel // 2), batch norm and, if so said, ReLU."""

    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    relu: bool = True
    bias: bool = False


STEM = ${layerCall(conv)}
STEM_POOLS = ${pythonBool(maxPool)}
SHUFFLE = ${shuffleMethod}  # 1: halves after a transpose, 2: even and odd channels
EPSILON = ${batchNormEpsilon}
# Each block: its stage, how its branches join, the main branch, and the projection of its input (none: it passes).
BLOCKS = [
${blocks.flat().join("\n")}
]
${moduleCode(weightsName)}`;
}

function layerCall(layer: ConvLayer): string {
  const { kind, kernel, stride, inChannels, outChannels, relu, bias } = layer;
  const named = [
    kernel === 1 ? "" : `kernel=${kernel}`,
    stride === 1 ? "" : `stride=${stride}`,
    kind === "depthwise" ? `groups=${inChannels}` : "",
    relu ? "" : "relu=False",
    bias ? "bias=True" : "",
  ].filter((text) => text !== "");
  return `Layer(${[inChannels, outChannels, ...named].join(", ")})`;
}

function pythonBool(value: boolean): string {
  return value ? "True" : "False";
}

function moduleCode(weightsName: string): string {
  return `

class NormedConv(nn.Module):
    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            layer.inputs,
            layer.outputs,
            layer.kernel,
            layer.stride,
            layer.kernel // 2,
            groups=layer.groups,
            bias=layer.bias,
        )
        self.norm = nn.BatchNorm2d(layer.outputs, eps=EPSILON)
        self.relu = layer.relu

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        return torch.relu(y) if self.relu else y


class Block(nn.Module):
    def __init__(self, join: str, main: list[Layer], projection: list[Layer]) -> None:
        super().__init__()
        self.join = join
        self.main = nn.Sequential(*map(NormedConv, main))
        self.projection = nn.Sequential(*map(NormedConv, projection))

    def forward(self, x: Tensor) -> Tensor:
        if self.join == "sum":
            return torch.relu(self.main(x) + self.projection(x))
        passed, rest = (x, x) if len(self.projection) > 0 else shuffle(x)
        return torch.cat([self.projection(passed), self.main(rest)], 1)


def shuffle(x: Tensor) -> tuple[Tensor, Tensor]:
    """The channels that pass a block, and those that its main branch sees."""
    if SHUFFLE == 2:
        return x[:, 0::2], x[:, 1::2]
    n, c, h, w = x.shape
    transposed = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
    return transposed[:, : c // 2], transposed[:, c // 2 :]


class Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = NormedConv(STEM)
        self.pool = nn.MaxPool2d(3, 2, 1) if STEM_POOLS else nn.Identity()
        self.blocks = nn.ModuleList(Block(*block[1:]) for block in BLOCKS)

    def forward(self, images: Tensor) -> list[Tensor]:
        x = self.pool(self.stem(images))
        stages: dict[int, Tensor] = {}
        for (stage, *_), block in zip(BLOCKS, self.blocks):
            stages[stage] = x = block(x)
        return list(stages.values())


def load(weights: str | Path = Path(__file__).with_name("${weightsName}")) -> Backbone:
    """The backbone with trained weights, for inference; call train() on it to train it on."""
    backbone = Backbone()
    missing, unexpected = backbone.load_state_dict(load_file(weights), strict=False)
    wrong = [name for name in missing if not name.endswith(".num_batches_tracked")] + unexpected
    if wrong:
        raise ValueError(f"{weights} is of another backbone: {wrong[0]} is missing or not wanted")
    return backbone.eval()
`;
}
