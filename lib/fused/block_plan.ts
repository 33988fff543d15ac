/**
 * A block's layers with their shapes, as the kernels take them.
 *
 * @module
 */
import type { NormedBlock, NormedLayer } from "../nn/normed_block.ts";
import type { Pass } from "./native_library.ts";

/** One layer in its place. */
export interface LayerPlan {
  readonly layer: NormedLayer;
  /** In the block's order of parameters and batch norms: main's layers, then the projection's. */
  readonly index: number;
  /** The layer that it reads; null for the block's input. */
  readonly before: LayerPlan | null;
  /** Whether it ends its branch. */
  readonly isLast: boolean;
  /** Output pixels. */
  readonly pixels: number;
  /** The fields that never change; for a branch's last layer, those of its place in the block's output too. */
  readonly geometry: Pass;
}

/** A block in its place. */
export interface BlockPlan {
  /** Main's layers, then the projection's; each branch from its input on. */
  readonly layers: readonly LayerPlan[];
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

/** Lays a block out for an input `[N, H, W, C]`. */
export function planBlock(block: NormedBlock, inputShape: readonly number[]): BlockPlan {
  const [images, height, width, inChannels] = inputShape;
  const mainFirst = block.shuffle === null ? channelsAfter(block.projection) : inChannels / 2;
  const outChannels = mainFirst + channelsAfter(block.main);
  const fixed = { images, inputChannels: inChannels, view: block.shuffle ?? 0, joinedChannels: outChannels };
  const main = planBranch(block.main, 0, { ...fixed, joinedFirst: mainFirst }, height, width);
  const projection = planBranch(block.projection, main.length, { ...fixed, joinedFirst: 0 }, height, width);
  const { outHeight, outWidth } = main[main.length - 1].geometry;
  return {
    layers: [...main, ...projection],
    inputShape,
    outputShape: [images, Number(outHeight), Number(outWidth), outChannels],
  };
}

/** The layers of each branch, from the first to the last. */
export function branches(layers: readonly LayerPlan[]): LayerPlan[][] {
  const ends = layers.flatMap((plan, i) => plan.isLast ? [i + 1] : []);
  return ends.map((end, i) => layers.slice(ends[i - 1] ?? 0, end));
}

function planBranch(
  layers: readonly NormedLayer[],
  firstIndex: number,
  fixed: Pass,
  height: number,
  width: number,
): LayerPlan[] {
  const plans: LayerPlan[] = [];
  let [h, w] = [height, width];
  layers.forEach((layer, i) => {
    const [outHeight, outWidth] = [Math.ceil(h / layer.stride), Math.ceil(w / layer.stride)];
    plans.push({
      layer,
      index: firstIndex + i,
      before: plans[i - 1] ?? null,
      isLast: i === layers.length - 1,
      pixels: Number(fixed.images) * outHeight * outWidth,
      geometry: {
        ...fixed,
        height: h,
        width: w,
        outHeight,
        outWidth,
        kernel: layer.kernel,
        stride: layer.stride,
        inputs: layer.inChannels,
        outputs: layer.outChannels,
        inputRelu: layers[i - 1]?.relu ?? false,
        relu: layer.relu,
      },
    });
    [h, w] = [outHeight, outWidth];
  });
  return plans;
}

function channelsAfter(layers: readonly NormedLayer[]): number {
  return layers[layers.length - 1].outChannels;
}
