/**
 * A page that detects in any browser, as files: put them on a web server, below whatever path.
 *
 * @module
 */
import { createRequire } from "node:module";
import type { Canvas } from "../data/canvas.ts";
import { colorVariables } from "../report/stylesheet.ts";
import type { ExportGraph } from "./graph.ts";
import { fusedForTfjs } from "./tfjs_fusion.ts";
import { type ExportedFile, tfjsModelFiles } from "./tfjs_model.ts";
import { toTensorFlow } from "./to_tensorflow.ts";

/** What the page says and runs. */
export interface PageContent {
  /** What the detector is called. */
  readonly name: string;
  /** The classes' names, in order. */
  readonly classes: readonly string[];
  /** The least score that the detector gives. */
  readonly scoreThreshold: number;
  /** One graph for each canvas. */
  readonly detectors: readonly { readonly canvas: Canvas; readonly graph: ExportGraph }[];
  /** The writer's name and version. */
  readonly generatedBy: string;
}

/** tfjs's WebAssembly: which one is fetched depends on the browser. */
const webAssemblyFiles: readonly string[] = ["", "-simd", "-threaded-simd"].map((kind) =>
  `tfjs-backend-wasm${kind}.wasm`
);

/**
 * Writes the page.
 *
 * @param script The bundle of `lib/page/main.ts`.
 * @returns `index.html` first.
 */
export async function webFiles(content: PageContent, script: Uint8Array): Promise<ExportedFile[]> {
  const { name, classes, scoreThreshold, detectors, generatedBy } = content;
  const folders = detectors.map(({ canvas }) => `model-${canvas.widthPx}x${canvas.heightPx}`);
  const models = detectors.map(({ canvas }, i) => ({ ...canvas, path: `${folders[i]}/model.json` }));
  return [
    { path: "index.html", content: await pageFile("index.html") },
    { path: "page.css", content: colorVariables + await pageFile("page.css") },
    { path: "page.js", content: script },
    { path: "page.json", content: JSON.stringify({ name, classes, scoreThreshold, models }, null, 2) + "\n" },
    ...await Promise.all(webAssemblyFiles.map(webAssemblyFile)),
    ...detectors.flatMap(({ graph }, i) =>
      tfjsModelFiles(fusedForTfjs(toTensorFlow(graph)), generatedBy, { classes }).map((file) => ({
        ...file,
        path: `${folders[i]}/${file.path}`,
      }))
    ),
  ];
}

async function pageFile(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../page/${name}`, import.meta.url));
}

async function webAssemblyFile(name: string): Promise<ExportedFile> {
  const { resolve } = createRequire(import.meta.url);
  return {
    path: `wasm/${name}`,
    content: await Deno.readFile(resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`)),
  };
}
