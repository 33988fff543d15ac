/**
 * RoIAlign (He et al. 2017, "Mask R-CNN", section 3): from a box on a feature map to a small square of features, each
 * an average of bilinear samples. Where the samples lie depends on the boxes alone, so they are worked out on the
 * host as one sparse matrix over all cells of all maps; the device multiplies by it, and for the gradient by its
 * transpose. One product serves any number of boxes on any of the maps, in any order.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { sparseMatMul, type SparseMatrix } from "./custom_kernels.ts";

/** How a box is sampled. */
export interface RoiAlignOptions {
  /** S: a box becomes S x S features. */
  readonly side: number;
  /** Samples of each feature along each side, 1 or more. */
  readonly samplingRatio: number;
  /**
   * Whether coordinates are moved by half a cell, so that they mean cells' centres. The authors' code does not, and
   * takes a box as at least one cell wide and high.
   */
  readonly aligned: boolean;
}

/** One feature map that boxes are cut from. */
export interface FeatureMap {
  /** Image pixels from a cell to the next. */
  readonly stridePx: number;
  /** Rows. */
  readonly heightCells: number;
  /** Columns. */
  readonly widthCells: number;
}

/** Boxes, each on one image and one map. */
export interface Rois {
  /** `[M, 4]` x1, y1, x2, y2 in image pixels. */
  readonly boxesXyxy: Float32Array;
  /** `[M]`, 0..N-1. */
  readonly imageIndices: Int32Array;
  /** `[M]`, index of the map. */
  readonly mapIndices: Int32Array;
}

/** How much a cell counts along one axis. */
interface CellWeight {
  readonly cell: number;
  weight: number;
}

/** A box's samples: one list of cells a feature along each axis, and where its image's map begins. */
interface RoiSamples {
  readonly rows: readonly (readonly CellWeight[])[];
  readonly columns: readonly (readonly CellWeight[])[];
  readonly origin: number;
  readonly widthCells: number;
}

/**
 * The matrix that {@linkcode roiAlign} multiplies by: `[M S S, J]`, J all cells of the maps, each map `[N, H, W]`, one
 * after the other. Samples more than a cell outside of the map count as 0, others outside as its border.
 *
 * @param rois M boxes.
 * @param images N.
 * @param maps The maps' sizes.
 * @returns Its tensors are the caller's.
 */
export function roiAlignMatrix(
  rois: Rois,
  images: number,
  maps: readonly FeatureMap[],
  options: RoiAlignOptions,
): SparseMatrix {
  const origins = mapOrigins(images, maps);
  const samples = Array.from(rois.imageIndices, (_, m) => roiSamples(rois, m, maps, origins, options));
  const entries = samples.reduce((sum, { rows, columns }) => sum + cellCount(rows) * cellCount(columns), 0);
  const indices = new Int32Array(2 * entries);
  const values = new Float32Array(entries);
  let at = 0;
  let output = 0;
  for (const { rows, columns, origin, widthCells } of samples) {
    for (const row of rows) {
      for (const column of columns) {
        for (const y of row) {
          for (const x of column) {
            indices[2 * at] = output;
            indices[2 * at + 1] = origin + y.cell * widthCells + x.cell;
            values[at++] = y.weight * x.weight;
          }
        }
        output++;
      }
    }
  }
  return {
    indices: tf.tensor2d(indices, [entries, 2], "int32"),
    values: tf.tensor1d(values),
    rows: output,
    columns: origins[maps.length],
  };
}

/**
 * Cuts boxes out of feature maps.
 *
 * @param maps `[N, H, W, C]` each, float32, as the matrix was made for.
 * @param matrix From {@linkcode roiAlignMatrix}.
 * @param side S.
 * @returns `[M, S, S, C]`, the caller's.
 */
export function roiAlign(maps: readonly Tensor[], matrix: SparseMatrix, side: number): Tensor {
  const channels = maps[0].shape[3]!;
  return tf.tidy(() => {
    const cells = tf.concat(maps.map((map) => tf.reshape(map, [-1, channels])), 0);
    return tf.reshape(sparseMatMul(matrix, cells, false), [-1, side, side, channels]);
  });
}

/**
 * Gradient of {@linkcode roiAlign} with respect to the maps.
 *
 * @param dy `[M, S, S, C]` float32.
 * @param matrix The forward's.
 * @param mapShapes `[N, H, W, C]` of each map.
 * @returns One gradient a map, the caller's.
 */
export function roiAlignGradient(
  dy: Tensor,
  matrix: SparseMatrix,
  mapShapes: readonly (readonly number[])[],
): Tensor[] {
  const channels = dy.shape[3]!;
  return tf.tidy(() => {
    const cells = sparseMatMul(matrix, tf.reshape(dy, [-1, channels]), true);
    const counts = mapShapes.map(([images, height, width]) => images * height * width);
    return tf.split(cells, counts, 0).map((map, i) => tf.reshape(map, [...mapShapes[i]]));
  });
}

/** The number of each map's first cell, and that of all cells. */
function mapOrigins(images: number, maps: readonly FeatureMap[]): number[] {
  const origins = [0];
  for (const { heightCells, widthCells } of maps) {
    origins.push(origins[origins.length - 1] + images * heightCells * widthCells);
  }
  return origins;
}

function roiSamples(
  { boxesXyxy, imageIndices, mapIndices }: Rois,
  m: number,
  maps: readonly FeatureMap[],
  origins: readonly number[],
  options: RoiAlignOptions,
): RoiSamples {
  const { stridePx, heightCells, widthCells } = maps[mapIndices[m]];
  const [x1, y1, x2, y2] = boxesXyxy.subarray(4 * m, 4 * m + 4);
  return {
    rows: axisSamples(y1 / stridePx, y2 / stridePx, heightCells, options),
    columns: axisSamples(x1 / stridePx, x2 / stridePx, widthCells, options),
    origin: origins[mapIndices[m]] + imageIndices[m] * heightCells * widthCells,
    widthCells,
  };
}

/**
 * Along one axis: which cells each of S features averages, and how much. Bilinear samples on a grid are products of
 * linear ones along the axes, and so is a sample's being outside.
 */
function axisSamples(
  from: number,
  to: number,
  cells: number,
  { side, samplingRatio, aligned }: RoiAlignOptions,
): CellWeight[][] {
  const begin = aligned ? from - 0.5 : from;
  const length = aligned ? to - from : Math.max(to - from, 1);
  const step = length / (side * samplingRatio);
  return Array.from({ length: side }, (_, i) => {
    const weights: CellWeight[] = [];
    for (let s = 0; s < samplingRatio; s++) {
      addSample(weights, begin + (i * samplingRatio + s + 0.5) * step, cells, 1 / samplingRatio);
    }
    return weights;
  });
}

/** Adds a sample between two cells, of which the coordinate is the first one's if whole. */
function addSample(weights: CellWeight[], position: number, cells: number, share: number): void {
  if (!(position >= -1 && position <= cells)) return;
  const within = Math.min(Math.max(position, 0), cells - 1);
  const low = Math.floor(within);
  const fraction = within - low;
  addWeight(weights, low, share * (1 - fraction));
  if (fraction > 0) addWeight(weights, low + 1, share * fraction);
}

/** Samples ascend, so a cell that is already there is one of the last two. */
function addWeight(weights: CellWeight[], cell: number, weight: number): void {
  const known = weights.length < 3 ? weights : weights.slice(-2);
  const same = known.find((other) => other.cell === cell);
  if (same === undefined) weights.push({ cell, weight });
  else same.weight += weight;
}

function cellCount(lists: readonly (readonly CellWeight[])[]): number {
  return lists.reduce((sum, list) => sum + list.length, 0);
}
