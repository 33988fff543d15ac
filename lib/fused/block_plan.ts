/**
 * A block's layers with their shapes, as the kernels take them.
 *
 * @module
 */
import type { NormedBlock, NormedLayer } from "../nn/normed_block.ts";
import { reversedInputs } from "./image_weight.ts";
import { floatsAt, type Pass, type PassArray } from "./native_library.ts";

/** `patches` of native/pixels.h. */
const patchesView = 3;

/** One layer in its place. */
export interface LayerPlan {
  readonly layer: NormedLayer;
  /** In the block's order of parameters and batch norms: main's layers, then the projection's. */
  readonly index: number;
  /** Its parameters' places among the block's; -1 without a bias. */
  readonly places: ParameterPlaces;
  /** The layer that it reads; null for the block's input. */
  readonly before: LayerPlan | null;
  /** Whether it ends its branch. */
  readonly isLast: boolean;
  /** Output pixels. */
  readonly pixels: number;
  /** The fields that never change; for a branch's last layer, those of its place in the block's output too. */
  readonly geometry: Pass;
}

/** Where a layer's parameters are. */
export interface ParameterPlaces {
  readonly weight: number;
  readonly bias: number;
  readonly scale: number;
  readonly shift: number;
}

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

/** A layer's weight as its kernel takes it: where it lies, or turned for images. */
export function kernelWeight(
  { layer, places }: LayerPlan,
  parameters: readonly bigint[],
): bigint | PassArray {
  const address = parameters[places.weight];
  if (layer.kind !== "conv") return address;
  const { kernel, inChannels, outChannels } = layer;
  const weight = floatsAt(address, kernel * kernel * inChannels * outChannels);
  return reversedInputs(weight, inChannels, outChannels);
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
