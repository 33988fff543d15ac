import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { withOwnGradient } from "../../lib/nn/own_gradient.ts";
import {
  type FeatureMap,
  roiAlign,
  roiAlignGradient,
  roiAlignMatrix,
  type RoiAlignOptions,
  type Rois,
} from "../../lib/nn/roi_align.ts";
import { assertClose, readFixture, type StoredTensor } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { assertGradients, normalTensor } from "../helpers/gradients.ts";

await useCpuBackend();

interface GoldenRoiAlign {
  readonly features: StoredTensor;
  readonly rois: StoredTensor;
  readonly output: readonly [number, number];
  readonly spatialScale: number;
  readonly samplingRatio: number;
  readonly aligned: boolean;
  readonly y: StoredTensor;
  readonly dy: StoredTensor;
  readonly dFeatures: StoredTensor;
}

const golden = await readFixture<Record<"roiAlign" | "roiAlignAligned", GoldenRoiAlign>>(
  "ops_roi_align.json",
);

/** Boxes of one map. */
function oneMap(boxesXyxy: readonly number[], imageIndices: readonly number[]): Rois {
  return {
    boxesXyxy: Float32Array.from(boxesXyxy),
    imageIndices: Int32Array.from(imageIndices),
    mapIndices: new Int32Array(imageIndices.length),
  };
}

for (const name of ["roiAlign", "roiAlignAligned"] as const) {
  const wanted = golden[name];
  Deno.test(`roiAlign() and its gradient are torchvision's: ${name}`, () => {
    const features = tf.tensor4d(
      [...wanted.features.data],
      wanted.features.shape as [number, number, number, number],
    );
    const [images, heightCells, widthCells] = features.shape;
    const rows = Array.from(
      { length: wanted.rois.shape[0] },
      (_, i) => wanted.rois.data.slice(5 * i, 5 * i + 5),
    );
    const rois = oneMap(rows.flatMap((row) => row.slice(1)), rows.map(([image]) => image));
    const maps = [{ heightCells, widthCells, stridePx: 1 / wanted.spatialScale }];
    const options = { ...wanted, side: wanted.output[0] };
    const matrix = roiAlignMatrix(rois, images, maps, options);
    const y = roiAlign([features], matrix, options.side);
    assertEquals(y.shape, wanted.y.shape);
    assertClose(y, wanted.y.data, "y");
    const dy = tf.tensor([...wanted.dy.data], wanted.dy.shape);
    const [gradient] = roiAlignGradient(dy, matrix, [features.shape]);
    assertEquals(gradient.shape, wanted.dFeatures.shape);
    assertClose(gradient, wanted.dFeatures.data, "gradient");
  });
}

const options: RoiAlignOptions = { side: 2, samplingRatio: 2, aligned: false };
const maps: FeatureMap[] = [{ stridePx: 4, heightCells: 5, widthCells: 4 }, {
  stridePx: 8,
  heightCells: 3,
  widthCells: 2,
}];
/** Four boxes on two maps of two images, in no order; one reaches out of the map. */
const mixed: Rois = {
  boxesXyxy: Float32Array.of(1, 2, 13, 17, 0, 0, 14, 22, 5, 5, 6, 7, -9, -3, 12, 9),
  imageIndices: Int32Array.of(1, 0, 0, 1),
  mapIndices: Int32Array.of(0, 1, 0, 1),
};

Deno.test("roiAlign()'s gradient agrees with differences, over several maps and images", () => {
  const matrix = roiAlignMatrix(mixed, 2, maps, options);
  const inputs = [normalTensor([2, 5, 4, 2], "fine"), normalTensor([2, 3, 2, 2], "coarse")];
  const shapes = inputs.map((x) => x.shape);
  const differentiable = (...xs: Tensor[]): Tensor =>
    withOwnGradient(xs, (xs) => ({
      value: roiAlign(xs, matrix, options.side),
      saved: [],
      gradient: (dy) => roiAlignGradient(dy, matrix, shapes),
    }));
  assertGradients((...xs) => tf.sum(tf.square(differentiable(...xs))), inputs);
});

Deno.test("roiAlign() gives each box what it would give it alone, in the boxes' order", () => {
  const inputs = [normalTensor([2, 5, 4, 3], "fine"), normalTensor([2, 3, 2, 3], "coarse")];
  const together = roiAlign(inputs, roiAlignMatrix(mixed, 2, maps, options), options.side);
  mixed.mapIndices.forEach((map, m) => {
    const box = mixed.boxesXyxy.subarray(4 * m, 4 * m + 4);
    const image = tf.slice(inputs[map], [mixed.imageIndices[m], 0, 0, 0], [1, -1, -1, -1]);
    const alone = roiAlign(
      [image],
      roiAlignMatrix(oneMap([...box], [0]), 1, [maps[map]], options),
      options.side,
    );
    assertClose(tf.slice(together, [m, 0, 0, 0], [1, -1, -1, -1]), alone.dataSync(), `box ${m}`);
  });
});

Deno.test("roiAlign() of a map that rises linearly gives the positions of the features' centres", () => {
  const [height, width] = [8, 9];
  const ramp = tf.tensor4d(
    Float32Array.from({ length: height * width }, (_, i) => 10 * Math.floor(i / width) + i % width),
    [1, height, width, 1],
  );
  const matrix = roiAlignMatrix(oneMap([4, 8, 20, 24], [0]), 1, [{
    stridePx: 4,
    heightCells: height,
    widthCells: width,
  }], options);
  // From (1, 2) to (5, 6) cells: centres at x = 2, 4 and y = 3, 5.
  assertClose(roiAlign([ramp], matrix, 2), [32, 34, 52, 54]);
});

Deno.test("roiAlign() gives 0 more than a cell outside of the map, and takes a small box as one cell", () => {
  const map = [{ stridePx: 1, heightCells: 4, widthCells: 4 }];
  const ones = tf.ones([1, 4, 4, 1]);
  const value = (box: number[]): number[] => [
    ...roiAlign([ones], roiAlignMatrix(oneMap(box, [0]), 1, map, { ...options, side: 1 }), 1).dataSync(),
  ];
  assertClose(value([-9, -9, -5, -5]), [0]);
  assertClose(value([-1, 0, 3, 4]), [1]); // samples at x = 0 and 2
  const ramp = tf.tensor4d([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3], [1, 4, 4, 1]);
  const small = roiAlignMatrix(oneMap([1, 1, 1, 1], [0]), 1, map, { ...options, side: 1 });
  assertClose(roiAlign([ramp], small, 1), [1.5]);
});
