/**
 * Exported detectors, each opened by the runtime that its users have: onnxruntime, TensorFlow's loader, tfjs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { dirname } from "node:path";
import type { Canvas } from "../../lib/data/canvas.ts";
import type { DetectionBatch } from "../../lib/data/sample.ts";
import type { ExportDescription } from "../../lib/export/description.ts";
import { openOnnx, startOnnx } from "../../tests/export/_onnx_session.ts";
import { openSavedModel } from "../../tests/export/_saved_model.ts";
import { loadFromFiles, onWasm } from "../../tests/export/_tfjs_model.ts";

/** What an exported file gives, in pixels of its canvas. */
export interface Found {
  /** `[D, 4]` x1, y1, x2, y2. */
  readonly boxes: ArrayLike<number>;
  /** `[D]`. */
  readonly scores: ArrayLike<number>;
  /** `[D]`. */
  readonly classes: ArrayLike<number>;
}

/** A file, loaded. */
export interface ExportedDetector extends AsyncDisposable {
  /** What it finds in a batch of one image. */
  detect(batch: DetectionBatch): Promise<Found>;
}

/** Opens the file of one canvas. */
export type OpenExported = (path: string) => Promise<ExportedDetector>;

/** Reads the JSON file beside an export. */
export async function readDescription(dir: string): Promise<ExportDescription> {
  return JSON.parse(await Deno.readTextFile(`${dir}/detector.json`));
}

/** The path of the file for a canvas. */
export function fileFor(dir: string, { input }: ExportDescription, { heightPx, widthPx }: Canvas): string {
  const canvas = input.canvases.find((canvas) => canvas.heightPx === heightPx && canvas.widthPx === widthPx);
  if (canvas === undefined) throw new RangeError(`Cannot find a file in ${dir} for ${heightPx} x ${widthPx}`);
  return `${dir}/${canvas.file}`;
}

/** Opens an ONNX file in onnxruntime's WebAssembly build. */
export const openOnnxFile: OpenExported = async (path) => {
  await startOnnx();
  const session = await openOnnx(await Deno.readFile(path));
  return {
    async detect(batch): Promise<Found> {
      const { boxes, scores, classes } = await session.run(inputsOf(batch));
      return { boxes: boxes.data, scores: scores.data, classes: classes.data };
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
};

/** Opens a SavedModel by TensorFlow's C loader. */
export const openSavedModelFolder: OpenExported = async (path) => {
  const model = await openSavedModel(dirname(`${path}/.`).replace(/\/saved_model\.pb$/, ""));
  return {
    detect(batch): Promise<Found> {
      const { boxes, scores, classes } = model.run(inputsOf(batch));
      return Promise.resolve({ boxes, scores, classes });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(model[Symbol.dispose]()),
  };
};

/** Opens a graph model in tfjs on WebAssembly. */
export const openTfjsModel: OpenExported = async (path) => {
  const json = await Deno.readFile(path);
  const { weightsManifest: [{ paths }] } = JSON.parse(new TextDecoder().decode(json));
  const shards = await Promise.all(
    paths.map(async (name: string) => ({ name, bytes: await Deno.readFile(`${dirname(path)}/${name}`) })),
  );
  const model = await onWasm(() => loadFromFiles([{ name: "model.json", bytes: json }, ...shards]));
  return {
    detect: (batch) =>
      onWasm(async () => {
        const { image, extent } = inputsOf(batch);
        const [, heightPx, widthPx] = batch.shape;
        const inputs = {
          image: tf.tensor4d(image.values, [1, heightPx, widthPx, 3]),
          extent: tf.tensor1d(extent.values),
        };
        const outputs = await model.executeAsync(inputs, ["boxes", "scores", "classes"]) as tf.Tensor[];
        const [boxes, scores, classes] = await Promise.all(outputs.map((output) => output.data()));
        tf.dispose([inputs, outputs]);
        return { boxes, scores, classes };
      }),
    [Symbol.asyncDispose]: () => onWasm(() => Promise.resolve(model.dispose())),
  };
};

/** The two inputs, named as onnxruntime's helper and the SavedModel's want them. */
function inputsOf(batch: DetectionBatch): Record<"image" | "extent", Input> {
  const { widthPx, heightPx } = batch.placements[0];
  const input = (values: Float32Array<ArrayBuffer>, shape: readonly number[]): Input => ({
    values,
    data: values,
    shape,
  });
  return {
    image: input(Float32Array.from(batch.images), batch.shape),
    extent: input(Float32Array.of(widthPx, heightPx), [2]),
  };
}

interface Input {
  readonly values: Float32Array<ArrayBuffer>;
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}
