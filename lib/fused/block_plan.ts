/**
 * A block's layers with their shapes, as the kernels take them.
 *
 * @module
 */
import type { NormedBlock, NormedLayer } from "../nn/normed_block.ts";
import { type LayerPlan, type ParameterPlaces, patchesView } from "./layer_plan.ts";
import type { Pass } from "./native_library.ts";

/** A block in its place. */
export interface BlockPlan {
  /** Main's layers, then the projection's; each branch from its input on. */
  readonly layers: readonly LayerPlan[];
  /** Whether the input is images, which have no gradient. */
  readonly ofImages: boolean;
  /** How many the layers have. */
  readonly parameters: number;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

/** Lays a block out for an input `[N, H, W, C]`. */
export function planBlock(block: NormedBlock, inputShape: readonly number[]): BlockPlan {
  const [images, height, width, inChannels] = inputShape;
  const mainFirst = block.shuffle === null ? channelsAfter(block.projection) : inChannels / 2;
  const outChannels = mainFirst + channelsAfter(block.main);
  const fixed = { images, inputChannels: inChannels, view: block.shuffle ?? 0, joinedChannels: outChannels };
  const { places, parameters } = parameterPlaces([...block.main, ...block.projection]);
  const main = planBranch(block.main, 0, places, { ...fixed, joinedFirst: mainFirst }, height, width);
  const projection = planBranch(
    block.projection,
    main.length,
    places,
    { ...fixed, joinedFirst: 0 },
    height,
    width,
  );
  const { outHeight, outWidth } = main[main.length - 1].geometry;
  return {
    layers: [...main, ...projection],
    ofImages: block.ofImages,
    parameters,
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
  places: readonly ParameterPlaces[],
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
      places: places[firstIndex + i],
      batchNorm: firstIndex + i,
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
        ...(layer.kind === "conv" ? { view: patchesView } : {}),
        inputs: layer.inChannels * (layer.kind === "conv" ? layer.kernel ** 2 : 1),
        outputs: layer.outChannels,
        inputRelu: layers[i - 1]?.relu ?? false,
        relu: layer.relu,
      },
    });
    [h, w] = [outHeight, outWidth];
  });
  return plans;
}

/** Weight, bias if there is one, scale and shift of each layer. */
function parameterPlaces(
  layers: readonly NormedLayer[],
): { places: ParameterPlaces[]; parameters: number } {
  let parameters = 0;
  const places = layers.map(({ bias }) => ({
    weight: parameters++,
    bias: bias ? parameters++ : -1,
    scale: parameters++,
    shift: parameters++,
  }));
  return { places, parameters };
}

function channelsAfter(layers: readonly NormedLayer[]): number {
  return layers.at(-1)?.outChannels ?? 0;
}
