/**
 * What is measured, as plain records that both sides of a comparison are built from: single blocks, a backbone's
 * inference, and whole training steps.
 *
 * @module
 */
import { stream } from "../lib/base/random.ts";
import type { DetectorConfig } from "../lib/config/schema.ts";
import { blockSides, costTable } from "../lib/space/cost.ts";
import { blockShapes, choiceName, type KnownChoice, type SearchSpace } from "../lib/space/search_space.ts";
import { fasterRcnn, retinaNet } from "../tasks/configs/paper.ts";

interface AnyWorkload {
  /** Names it in tables and stored ratios: two that differ have different names. */
  readonly name: string;
  /** N. */
  readonly images: number;
  /** Of the input. */
  readonly heightPx: number;
  readonly widthPx: number;
}

/** One choice of one block. */
export interface BlockWorkload extends AnyWorkload {
  readonly kind: "block";
  /** `infer`: by running statistics, no gradient. `train`: forward and backward, to the input and the parameters. */
  readonly pass: "infer" | "train";
  readonly stage: number;
  readonly indexInStage: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: 1 | 2;
  readonly choice: KnownChoice;
  /** Multiply-adds of its convolutions on one image, forward. */
  readonly macs: number;
}

interface NetworkWorkload extends AnyWorkload {
  readonly space: SearchSpace;
  /** The architecture; see {@linkcode mixedPath}. */
  readonly path: readonly number[];
}

/** Inference of stem and blocks. */
export interface BackboneWorkload extends NetworkWorkload {
  readonly kind: "backbone";
}

/** A whole training step of the classifier: from images of bytes to updated weights. */
export interface ClassificationStepWorkload extends NetworkWorkload {
  readonly kind: "classification-step";
  readonly classes: number;
}

/** A whole training step under a detector. */
export interface DetectionStepWorkload extends NetworkWorkload {
  readonly kind: "detection-step";
  readonly detector: DetectorConfig;
  readonly classes: number;
  /** Of each image, four numbers a box, flat. */
  readonly boxesXyxy: readonly (readonly number[])[];
  readonly classIndices: readonly (readonly number[])[];
}

/** Anything that both sides can run. */
export type Workload = BlockWorkload | BackboneWorkload | ClassificationStepWorkload | DetectionStepWorkload;

const boxesPerImage = 8; // about COCO's mean

/**
 * Every choice of each stage's first block and of its later ones, which are all alike.
 *
 * @param images N.
 * @param imagePx Side of the square image that the backbone would see.
 */
export function blockWorkloads(
  space: SearchSpace<KnownChoice>,
  pass: BlockWorkload["pass"],
  images: number,
  imagePx = 224,
): BlockWorkload[] {
  const sides = blockSides(space, imagePx);
  const { blocks } = costTable(space, imagePx);
  return blockShapes(space).flatMap((shape, index) => {
    if (shape.indexInStage > 1) return [];
    return space.choices.map((choice, c): BlockWorkload => {
      const where = `${space.name} stage${shape.stage + 1} stride${shape.stride}`;
      const sidePx = sides[index];
      const name = `block ${where} ${choiceName(choice)} ${pass} ${images}x${sidePx}x${sidePx}`;
      const size = { images, heightPx: sidePx, widthPx: sidePx };
      return { kind: "block", name, pass, choice, macs: blocks[index][c].macs, ...size, ...shape };
    });
  });
}

/** Choices that follow each other, one further in each stage: each stage has all, and stages begin differently. */
export function mixedPath(space: SearchSpace): number[] {
  return blockShapes(space).map(({ stage, indexInStage }) => (stage + indexInStage) % space.choices.length);
}

/** Stem and blocks in inference. */
export function backboneWorkload(
  space: SearchSpace,
  images: number,
  heightPx: number,
  widthPx: number,
): BackboneWorkload {
  const name = `backbone ${space.name} infer ${images}x${heightPx}x${widthPx}`;
  return { kind: "backbone", name, space, path: mixedPath(space), images, heightPx, widthPx };
}

/** A step on ImageNet's classes. */
export function classificationStep(
  space: SearchSpace,
  images: number,
  sizePx: number,
): ClassificationStepWorkload {
  const name = `step ${space.name} classification ${images}x${sizePx}x${sizePx}`;
  const size = { images, heightPx: sizePx, widthPx: sizePx };
  return { kind: "classification-step", name, space, path: mixedPath(space), ...size, classes: 1000 };
}

/** A step on COCO's classes under one of the paper's detectors. */
export function detectionStep(
  space: SearchSpace,
  kind: DetectorConfig["kind"],
  images: number,
  heightPx: number,
  widthPx: number,
): DetectionStepWorkload {
  const classes = 80;
  const each = Array.from({ length: images }, (_, i) => i);
  return {
    kind: "detection-step",
    name: `step ${space.name} ${kind} ${images}x${heightPx}x${widthPx}`,
    space,
    path: mixedPath(space),
    detector: kind === "retinanet" ? retinaNet : fasterRcnn,
    images,
    heightPx,
    widthPx,
    classes,
    boxesXyxy: each.map((image) => randomBoxes(image, heightPx, widthPx)),
    classIndices: each.map((image) => {
      const random = stream(0, "bench", "classes", image);
      return Array.from({ length: boxesPerImage }, () => random.integer(classes));
    }),
  };
}

/** Whole pixels, a tenth to a half of the image along each side. */
function randomBoxes(image: number, heightPx: number, widthPx: number): number[] {
  const random = stream(0, "bench", "boxes", image);
  const span = (sidePx: number): [number, number] => {
    const length = Math.round(sidePx * (0.1 + 0.4 * random.uniform()));
    const start = Math.floor((sidePx - length) * random.uniform());
    return [start, start + length];
  };
  return Array.from({ length: boxesPerImage }).flatMap(() => {
    const [[x1, x2], [y1, y2]] = [span(widthPx), span(heightPx)];
    return [x1, y1, x2, y2];
  });
}
