/**
 * The detector behind the page: tfjs runs the exported graph, and an image gets onto its canvas by the same whole
 * numbers as in `deno task evaluate`. Nothing here knows of the page.
 *
 * @module
 */
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import type { GraphModel } from "@tensorflow/tfjs-converter";
import { type Canvas, chooseCanvas, drawOnCanvas, placeForEvaluation } from "../data/canvas.ts";
import type { RgbImage } from "../data/sample.ts";

/** What the page needs of the `detector.json` beside it. */
export interface PageDescription {
  /** The classes' names, in order. */
  readonly classes: readonly string[];
  readonly detection: {
    /** The least score that the detector gives. */
    readonly scoreThreshold: number;
  };
  readonly input: {
    /** One model for each canvas. */
    readonly canvases: readonly PageModel[];
  };
}

/** A graph model for images of one size. */
export interface PageModel extends Canvas {
  /** Its `model.json`, relative to the page. */
  readonly file: string;
}

/** One object. */
export interface PageDetection {
  /** In the image's pixels, within it. */
  readonly boxXyxy: readonly [x1: number, y1: number, x2: number, y2: number];
  /** 0..1. */
  readonly score: number;
  /** Position in the classes' names. */
  readonly classIndex: number;
}

/** Where a model comes from: an address, or tfjs's handler. */
export type ModelSource = Parameters<typeof loadGraphModel>[0];

/** Detects in images of any size. */
export class PageDetector {
  readonly #models: readonly PageModel[];
  readonly #sourceOf: (model: PageModel) => ModelSource;
  readonly #loaded = new Map<PageModel, Promise<GraphModel>>();

  /**
   * Loads nothing yet: a model is fetched when the first image of its canvas comes.
   *
   * @param models At least one.
   * @param sourceOf Says where a model comes from.
   */
  constructor(models: readonly PageModel[], sourceOf: (model: PageModel) => ModelSource) {
    this.#models = models;
    this.#sourceOf = sourceOf;
  }

  /** Loads the model for images of a size, if it is not there, and runs it once: backends prepare at the first time. */
  async prepare(widthPx: number, heightPx: number): Promise<void> {
    const canvas = this.#models[chooseCanvas(this.#models, widthPx, heightPx)];
    if (this.#loaded.has(canvas)) return;
    await this.detect({ width: widthPx, height: heightPx, data: new Uint8Array(widthPx * heightPx * 3) });
  }

  /**
   * Detects.
   *
   * @param image Of any size.
   * @returns Best first.
   */
  async detect(image: RgbImage): Promise<PageDetection[]> {
    const { width: widthPx, height: heightPx } = image;
    const canvas = this.#models[chooseCanvas(this.#models, widthPx, heightPx)];
    const placed = placeForEvaluation(image, { widthPx, heightPx, annotations: [] }, canvas);
    const pixels = new Uint8Array(canvas.heightPx * canvas.widthPx * 3);
    drawOnCanvas(placed.image, canvas, pixels);
    const { placement } = placed;
    const found = await run(await this.#load(canvas), canvas, pixels, placement);
    return found.map(({ boxXyxy: [x1, y1, x2, y2], ...detection }) => ({
      ...detection,
      boxXyxy: [
        x1 / placement.scaleX,
        y1 / placement.scaleY,
        x2 / placement.scaleX,
        y2 / placement.scaleY,
      ] as const,
    }));
  }

  /** Lets the models go; they are loaded again when they are needed, e.g. on another backend. */
  async unload(): Promise<void> {
    const loading = [...this.#loaded.values()];
    this.#loaded.clear();
    for (const model of loading) (await model).dispose();
  }

  #load(model: PageModel): Promise<GraphModel> {
    let loading = this.#loaded.get(model);
    if (loading === undefined) {
      loading = loadGraphModel(this.#sourceOf(model));
      this.#loaded.set(model, loading);
      loading.catch(() => this.#loaded.delete(model)); // the next image tries again
    }
    return loading;
  }
}

/** Runs a model on one canvas; boxes in its pixels. */
async function run(
  model: GraphModel,
  { heightPx, widthPx }: Canvas,
  pixels: Uint8Array,
  extent: { readonly widthPx: number; readonly heightPx: number },
): Promise<PageDetection[]> {
  const inputs = {
    image: tf.tensor4d(Float32Array.from(pixels), [1, heightPx, widthPx, 3]),
    extent: tf.tensor1d([extent.widthPx, extent.heightPx]),
  };
  const outputs = await model.executeAsync(inputs, ["boxes", "scores", "classes"]) as tf.Tensor[];
  const [boxes, scores, classes] = await Promise.all(outputs.map((output) => output.data()));
  tf.dispose([inputs, outputs]);
  return Array.from(scores, (score, i) => ({
    boxXyxy: [boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]] as const,
    score,
    classIndex: classes[i],
  }));
}
