/**
 * Detectors with drawn weights, for tests of what is exported: they find things in noise, each time the same.
 *
 * @module
 */
import { stream } from "../../lib/base/random.ts";
import type { CanvasDetections } from "../../lib/boxes/detections.ts";
import type { Config } from "../../lib/config/schema.ts";
import { type Canvas, drawOnCanvas } from "../../lib/data/canvas.ts";
import type { DetectionBatch, ImagePlacement, RgbImage } from "../../lib/data/sample.ts";
import { batchNormEpsilon } from "../../lib/nn/batch_norm.ts";
import type { TrainedNetwork } from "../../lib/export/network_graph.ts";
import type { Device } from "../../lib/train/device.ts";
import type { StoredTensor } from "../../lib/train/safetensors.ts";
import { tinyDetector } from "../helpers/tiny_data.ts";
import { networkToExport } from "./_network_to_export.ts";

/** A network, and what the project itself finds with it. */
export interface RandomNetwork extends Disposable {
  readonly network: TrainedNetwork;
  /**
   * Detects as `evaluate` does.
   *
   * @param image `[H, W, 3]` on its canvas.
   */
  detect(image: Uint8Array, shape: readonly [number, number], placement: ImagePlacement): CanvasDetections;
  /** The same of an image that is yet to be drawn onto its canvas. */
  detectPlaced(image: RgbImage, canvas: Canvas, placement: ImagePlacement): CanvasDetections;
}

/** Draws a network: batch norms move and scale, and the heads' last layers speak up. */
export function randomNetwork(
  device: Device,
  config: Config,
  choices: readonly number[],
): RandomNetwork {
  const tiny = tinyDetector(device, choices, config);
  const drawn = new Map([...tiny.state.toHost()].map(([name, tensor]) => [name, varied(name, tensor)]));
  tiny.state.fromHost(drawn, { slots: false });
  const classes = Array.from({ length: 5 }, (_, k) => `class ${k}`);
  const own = networkToExport(tiny, config, choices, classes);
  const detect: RandomNetwork["detect"] = (images, [heightPx, widthPx], placement) => {
    const batch: DetectionBatch = {
      images,
      shape: [1, heightPx, widthPx, 3],
      placements: [placement],
      boxesXyxy: [new Float32Array(0)],
      classIndices: [new Int32Array(0)],
      ids: ["noise"],
    };
    return own.detect(batch)[0];
  };
  return {
    network: own.network,
    detect,
    detectPlaced(image, canvas, placement): CanvasDetections {
      const pixels = new Uint8Array(canvas.heightPx * canvas.widthPx * 3);
      drawOnCanvas(image, canvas, pixels);
      return detect(pixels, [canvas.heightPx, canvas.widthPx], placement);
    },
    [Symbol.dispose]: () => own[Symbol.dispose](),
  };
}

/** An image of coloured blocks, 16 across and 16 down. */
export function noiseImage(width: number, height: number): RgbImage {
  const random = stream(1, "noise");
  const blocks = Uint8Array.from({ length: 16 * 16 * 3 }, () => 256 * random.uniform());
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return blocks[(Math.floor(y / height * 16) * 16 + Math.floor(x / width * 16)) * 3 + i % 3];
  });
  return { width, height, data };
}

/** Such an image at the top left of a canvas of zeros. */
export function noiseOnCanvas(
  [heightPx, widthPx]: readonly [number, number],
  placement: { readonly widthPx: number; readonly heightPx: number },
): Uint8Array {
  const data = new Uint8Array(heightPx * widthPx * 3);
  drawOnCanvas(noiseImage(placement.widthPx, placement.heightPx), { heightPx, widthPx }, data);
  return data;
}

function varied(name: string, tensor: StoredTensor): StoredTensor {
  const random = stream(1, "weights", name);
  if (tensor.dtype !== "F32") return tensor;
  const change = changeOf(name);
  return { ...tensor, data: tensor.data.map((value) => change(value, random.uniform())) };
}

/** How a drawn number in [0, 1) changes a value. */
function changeOf(name: string): (value: number, drawn: number) => number {
  if (name.endsWith(".variance")) return (_value, drawn) => 0.5 + drawn + batchNormEpsilon;
  if (name.endsWith(".mean")) return (_value, drawn) => drawn - 0.5;
  if (name.endsWith(".scale")) return (_value, drawn) => 0.6 + 0.8 * drawn;
  if (name.endsWith(".shift") || name.endsWith("bias")) return (_value, drawn) => drawn - 0.5;
  if (name === "boxHead.class.weight") return (value) => 30 * value;
  return (value) => value;
}
