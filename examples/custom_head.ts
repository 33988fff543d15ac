/** A head of one's own for a detector: each object belongs to the cell that its centre lies in, and to no other. */
import { headUnit, onAllLevels, onAnchors, plainConv, retinaLoss } from "@detnas/detnas/models";
import { decodeDetections, matchedTargets, pyramidAnchors } from "@detnas/detnas/train";
import type { CanvasDetections, OneStageHead } from "@detnas/detnas/train";
import type { LevelsPart } from "@detnas/detnas/models";

const cellPx = 8; // of level 3, the only one
const cell = { anchorScale: 1, scalesPerOctave: 1, aspectRatios: [1] }; // boxes are told relative to it
const kept = { scoreThreshold: 0.05, nmsIou: 0.5, candidatesPerLevel: 100, maxDetections: 20 };

/** Class logits and a box for each cell, by one 3x3 convolution each. */
export function centreHead(channels: number, classes: number): OneStageHead {
  const layer = { kind: "conv", kernel: 3, stride: 1, bias: true, relu: false } as const;
  const predictor = (name: string, outChannels: number, shift: number): LevelsPart => {
    const init = { weight: { kind: "normal", std: 0.01 }, shift } as const;
    const conv = plainConv(name, { ...layer, inChannels: channels, outChannels }, init);
    return onAnchors(onAllLevels(conv), outChannels);
  };
  const cellsOn = ([, heightPx, widthPx]: readonly number[]): Float32Array =>
    pyramidAnchors([3, 3], { heightPx, widthPx }, cell);
  return {
    unit: headUnit("centre_head", [predictor("class", classes, -3), predictor("box", 4, 0)]),
    extraLevels: "convolved",
    lossNames: ["classLoss", "boxLoss"],
    loss: retinaLoss({ classes, alpha: 0.25, gamma: 2, smoothL1Beta: 1 }), // or any function of tensors
    targets: (batch) =>
      matchedTargets(batch, cellsOn(batch.shape), classes, ([x1, y1, x2, y2]) => {
        const [column, row] = [(x1 + x2) / 2, (y1 + y2) / 2].map((centre) => Math.floor(centre / cellPx));
        return [row * Math.ceil(batch.shape[2] / cellPx) + column];
      }),
    detect([logits, deltas], batch, image): CanvasDetections {
      const anchorsXyxy = cellsOn(batch.shape);
      const outputs = { logits, deltas, anchorsXyxy, anchorsPerLevel: [anchorsXyxy.length / 4] };
      return decodeDetections(outputs, batch.placements[image], kept);
    },
  };
}
