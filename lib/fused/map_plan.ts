/**
 * A network of maps laid out for maps of given sizes: branches of layers, which never write the maps between them, and what
 * lies between branches.
 *
 * @module
 */
import type { LayerStep, MapLayer, MapNetwork, MapStep } from "../nn/map_network.ts";
import { type LayerPlan, neighboursView, type ParameterPlaces } from "./layer_plan.ts";
import type { Pass } from "./native_library.ts";

/** Layers one after the other, from one map to another. */
export interface BranchOperation {
  readonly kind: "branch";
  readonly input: number;
  readonly output: number;
  readonly layers: readonly LayerPlan[];
}

/** A step that is no layer. */
export type PlainOperation = Exclude<MapStep, LayerStep> & {
  readonly output: number;
  /** Its shapes, as its kernel takes them. */
  readonly geometry: Pass;
};

/** What makes a map of others. */
export type MapOperation = BranchOperation | PlainOperation;

/** A network of maps in its place. */
export interface MapPlan {
  readonly network: MapNetwork;
  /** In an order in which they can run. */
  readonly operations: readonly MapOperation[];
  /** All branches' layers, by their index. */
  readonly layers: readonly LayerPlan[];
  /** Every map's, `[N, H, W, C]`. */
  readonly shapes: readonly (readonly number[])[];
  /** Maps that a backward pass reads, but for the inputs. */
  readonly kept: readonly number[];
  /** How many the layers have. */
  readonly parameters: number;
}

/** Lays a network out for its inputs' shapes. */
export function planMaps(network: MapNetwork, inputShapes: readonly (readonly number[])[]): MapPlan {
  const shapes = mapShapes(network, inputShapes);
  const { places, parameters } = layerPlaces(network.layers);
  const operations: MapOperation[] = [];
  let index = 0;
  for (const [i, step] of network.steps.entries()) {
    const output = network.inputs + i;
    if (step.kind !== "layer") {
      operations.push({ ...step, output, geometry: geometryOf(step, shapes, output) });
    } else if (!goesOn(network, output)) {
      const branch = branchTo(network, output);
      const layers = planBranch(network, branch, shapes, places, index);
      index += layers.length;
      operations.push({ kind: "branch", input: branch[0].input, output, layers });
    }
  }
  const layers = operations.flatMap((operation) => operation.kind === "branch" ? operation.layers : []);
  return { network, operations, layers, shapes, kept: keptMaps(network, operations), parameters };
}

/** Whether a network is one that {@linkcode planMaps} can lay out: its steps read what is made, and what is made is read. */
export function isMapNetwork(network: MapNetwork): boolean {
  const { inputs, layers, steps, outputs } = network;
  const norms = steps.flatMap((step) =>
    step.kind === "layer" && layers[step.layer].norms > 0 ? [`${step.layer} ${step.norm}`] : []
  );
  return layers.every(({ kind, kernel, stride }) => stride === 1 && kernel === (kind === "conv" ? 3 : 1)) &&
    layers.every((_, layer) => steps.some((step) => step.kind === "layer" && step.layer === layer)) &&
    steps.every((step, i) => readsOf(step).every((map) => map < inputs + i)) &&
    steps.every((step) => step.kind !== "sum" || step.input >= inputs && uses(network, step.input) === 1) &&
    new Set(norms).size === norms.length &&
    norms.length === layers.reduce((sum, layer) => sum + layer.norms, 0) &&
    Array.from({ length: inputs + steps.length }).every((_, map) => uses(network, map) > 0) &&
    outputs.every(({ maps, row }) => row !== null || maps.length === 1) &&
    outputs.every(({ maps }) => maps.every((map) => map >= inputs));
}

/** The maps that a step reads. */
export function readsOf(step: MapStep): number[] {
  return step.kind === "sum" ? [step.input, step.above] : [step.input];
}

/** How often a map is read, or given out. */
function uses({ steps, outputs }: MapNetwork, map: number): number {
  return [...steps.flatMap(readsOf), ...outputs.flatMap(({ maps }) => maps)].filter((m) => m === map).length;
}

/** Whether a layer's map goes into one other layer and nowhere else, so that it need not be written. */
function goesOn(network: MapNetwork, map: number): boolean {
  return uses(network, map) === 1 &&
    network.steps.some((step) => step.kind === "layer" && step.input === map);
}

/** The layers up to a map, from the first whose input is written. */
function branchTo(network: MapNetwork, output: number): LayerStep[] {
  const branch: LayerStep[] = [];
  let map = output;
  do {
    const step = network.steps[map - network.inputs] as LayerStep;
    branch.unshift(step);
    map = step.input;
  } while (isLayersMap(network, map) && goesOn(network, map));
  return branch;
}

function isLayersMap({ inputs, steps }: MapNetwork, map: number): boolean {
  return map >= inputs && steps[map - inputs].kind === "layer";
}

function planBranch(
  { layers }: MapNetwork,
  branch: readonly LayerStep[],
  shapes: readonly (readonly number[])[],
  places: readonly LayerPlaces[],
  firstIndex: number,
): LayerPlan[] {
  const [images, height, width, inputChannels] = shapes[branch[0].input];
  const joinedChannels = layers[branch[branch.length - 1].layer].outChannels;
  const plans: LayerPlan[] = [];
  branch.forEach((step, i) => {
    const layer = layers[step.layer];
    const place = places[step.layer];
    plans.push({
      layer,
      index: firstIndex + i,
      places: placesAt(place, step.norm),
      batchNorm: layer.norms > 0 ? place.batchNorm + step.norm : -1,
      before: plans[i - 1] ?? null,
      isLast: i === branch.length - 1,
      pixels: images * height * width,
      geometry: {
        ...{ images, height, width, outHeight: height, outWidth: width, inputChannels, joinedChannels },
        kernel: layer.kernel,
        stride: 1,
        view: layer.kind === "conv" ? neighboursView : 0,
        inputs: layer.inChannels,
        outputs: layer.outChannels,
        inputRelu: plans[i - 1]?.layer.relu ?? false,
        relu: layer.relu,
      },
    });
  });
  return plans;
}

/** Where a layer's parameters begin, and its batch norms. */
interface LayerPlaces {
  readonly weight: number;
  readonly bias: number;
  /** The first scale; -1 without. */
  readonly scale: number;
  readonly batchNorm: number;
}

function layerPlaces(layers: readonly MapLayer[]): { places: LayerPlaces[]; parameters: number } {
  let [parameters, batchNorms] = [0, 0];
  const places = layers.map(({ bias, norms }) => {
    const place = {
      weight: parameters++,
      bias: bias ? parameters++ : -1,
      scale: norms > 0 ? parameters : -1,
      batchNorm: batchNorms,
    };
    parameters += 2 * norms;
    batchNorms += norms;
    return place;
  });
  return { places, parameters };
}

function placesAt({ weight, bias, scale }: LayerPlaces, norm: number): ParameterPlaces {
  return scale < 0
    ? { weight, bias, scale, shift: -1 }
    : { weight, bias, scale: scale + 2 * norm, shift: scale + 2 * norm + 1 };
}

function mapShapes(
  { layers, steps }: MapNetwork,
  inputShapes: readonly (readonly number[])[],
): (readonly number[])[] {
  const shapes = [...inputShapes];
  for (const step of steps) {
    const [images, height, width, channels] = shapes[step.input];
    if (step.kind === "layer") shapes.push([images, height, width, layers[step.layer].outChannels]);
    else if (step.kind === "everyOther") {
      shapes.push([images, Math.ceil(height / 2), Math.ceil(width / 2), channels]);
    } else shapes.push(shapes[step.input]);
  }
  return shapes;
}

/** What a step reads has `height` and `width`; of a sum, the map above has. */
function geometryOf(
  step: Exclude<MapStep, LayerStep>,
  shapes: readonly (readonly number[])[],
  output: number,
): Pass {
  const [images, height, width, inputs] = shapes[step.kind === "sum" ? step.above : step.input];
  const [, outHeight, outWidth] = shapes[output];
  return { images, height, width, outHeight, outWidth, inputs };
}

/** What branches read; and a ReLU's own map, which says where it let through. */
function keptMaps({ inputs }: MapNetwork, operations: readonly MapOperation[]): number[] {
  const maps = operations.flatMap((operation) => {
    if (operation.kind === "branch") return [operation.input];
    return operation.kind === "relu" ? [operation.output] : [];
  });
  return [...new Set(maps)].filter((map) => map >= inputs);
}
