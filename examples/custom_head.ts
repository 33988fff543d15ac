/** A head of one's own for a detector: each object belongs to the cell that its centre lies in, and to no other. */
import { headUnit, onAllLevels, onAnchors, plainConv, retinaLoss } from "@detnas/detnas/models";
import { anchorsPerLevel, canvasOf, decodeDetections, matchedTargets } from "@detnas/detnas/train";
import { type OneStageHead, pyramidAnchors, type PyramidLevel, pyramidLevels } from "@detnas/detnas/train";

const cell = { anchorScale: 1, scalesPerOctave: 1, aspectRatios: [1] }; // what boxes are relative to
const kept = { scoreThreshold: 0.05, nmsIou: 0.5, candidatesPerLevel: 100, maxDetections: 20 };
/** The cell of a box's centre, on the first level whose cells are a quarter of its size or more. */
function cellOf([x1, y1, x2, y2]: Float32Array, levels: readonly PyramidLevel[]): number {
  const sizePx = Math.max(x2 - x1, y2 - y1);
  const place = Math.max(0, levels.findIndex(({ stridePx }) => sizePx <= 4 * stridePx));
  const [column, row] = [x1 + x2, y1 + y2].map((sum) => Math.floor(sum / 2 / levels[place].stridePx));
  const before = levels.slice(0, place).reduce((sum, level) => sum + level.heightCells * level.widthCells, 0);
  return before + row * levels[place].widthCells + column;
}

/** Class logits and a box for each cell, by one 3x3 convolution each, or by whatever layers one likes. */
export function centreHead(levels: readonly [number, number], inChannels: number, K: number): OneStageHead {
  const layer = { kind: "conv", kernel: 3, stride: 1, inChannels, bias: true, relu: false } as const;
  const weight = { kind: "normal", std: 0.01 } as const;
  const logits = plainConv("class", { ...layer, outChannels: K }, { weight, shift: -3 });
  const deltas = plainConv("box", { ...layer, outChannels: 4 }, { weight, shift: 0 });
  return {
    unit: headUnit("centre_head", [onAnchors(onAllLevels(logits), K), onAnchors(onAllLevels(deltas), 4)]),
    extraLevels: "convolved",
    lossNames: ["classLoss", "boxLoss"],
    loss: retinaLoss({ classes: K, alpha: 0.25, gamma: 2, smoothL1Beta: 1 }), // or any function of tensors
    targets: (batch) =>
      matchedTargets(batch, pyramidAnchors(levels, canvasOf(batch), cell), K, (box) => [
        cellOf(box, pyramidLevels(levels, canvasOf(batch))),
      ]),
    detect: ([logits, deltas], batch, image) => {
      const anchorsXyxy = pyramidAnchors(levels, canvasOf(batch), cell);
      const counts = anchorsPerLevel(levels, canvasOf(batch), cell);
      const outputs = { logits, deltas, anchorsXyxy, anchorsPerLevel: counts };
      return decodeDetections(outputs, batch.placements[image], kept);
    },
  };
}
