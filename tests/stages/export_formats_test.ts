import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Config } from "../../lib/config/schema.ts";
import type { ExportedFile } from "../../lib/export/exported_file.ts";
import type { ExportedPart } from "../../lib/export/description.ts";
import { type ExportFormat, exportNetwork } from "../../lib/stages/export.ts";
import { randomNetwork } from "../export/_random_network.ts";
import { runSavedModel } from "../export/_saved_model.ts";
import { loadFromFiles, onWasm } from "../export/_tfjs_model.ts";
import { useEngine } from "../helpers/engine.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";

const engine = await useEngine();
const twoCanvases: Config = {
  ...tinyConfig,
  detector: { ...tinyConfig.detector, canvases: [[64, 64], [64, 96]] },
};

/** Exports into a folder and hands over what was written, by name. */
async function withExport(
  config: Config,
  format: ExportFormat,
  part: ExportedPart,
  test: (files: ReadonlyMap<string, Uint8Array>, dir: string, usage: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (dir) => {
    using random = randomNetwork(engine, config, tinyArchitecture);
    const { paths, usage } = await exportNetwork(random.network, { format, part, outputDir: `${dir}/out` });
    const files = new Map<string, Uint8Array>();
    for (const path of paths) files.set(path.slice(`${dir}/out/`.length), await Deno.readFile(path));
    await test(files, `${dir}/out`, usage.join("\n"));
  });
}

function jsonOf(files: ReadonlyMap<string, Uint8Array>, name: string): { [key: string]: unknown } {
  return JSON.parse(new TextDecoder().decode(files.get(name)));
}

/** The files of a graph model, `model.json` first. */
function modelIn(files: ReadonlyMap<string, Uint8Array>, prefix: string): ExportedFile[] {
  return [...files].filter(([name]) =>
    name.startsWith(`${prefix}model.json`) || name.startsWith(`${prefix}weights-`)
  )
    .map(([name, bytes]) => ({ name: name.slice(prefix.length), bytes }));
}

Deno.test("a SavedModel is a folder for each canvas, and its usage names the first", () =>
  withExport(twoCanvases, "saved-model", "detector", async (files, dir, usage) => {
    const names = ["detector-64x64/saved_model.pb", "detector-64x96/saved_model.pb"];
    assertEquals([...files.keys()], [...names, "detector.json"]);
    assertStringIncludes(usage, `tf.saved_model.load("${dir}/detector-64x64")`);
    const { input } = jsonOf(files, "detector.json") as { input: { canvases: { file: string }[] } };
    assertEquals(input.canvases.map(({ file }) => file), names);
    const found = await runSavedModel(`${dir}/detector-64x96`, {
      image: { values: new Float32Array(64 * 96 * 3).fill(99), shape: [1, 64, 96, 3] },
      extent: { values: Float32Array.of(96, 64), shape: [2] },
    });
    assertGreater(found.scores.length, 0);
    assertEquals(found.boxes.length, 4 * found.scores.length);
  }));

Deno.test("a backbone for tfjs takes images of any size and says what it is", () =>
  withExport(tinyConfig, "tfjs", "backbone", async (files) => {
    assertEquals([...files.keys()], ["model.json", "weights-1-of-1.bin", "backbone.json"]);
    const model = jsonOf(files, "model.json");
    assertEquals(model.format, "graph-model");
    assertStringIncludes(String(model.generatedBy), "detnas ");
    const { architecture } = model.userDefinedMetadata as Record<string, unknown>;
    assertEquals(architecture, tinyArchitecture.join(""));
    const shape = await onWasm(async () => {
      const loaded = await loadFromFiles(modelIn(files, ""));
      const image = tf.zeros([2, 33, 50, 3]);
      const c5 = loaded.execute({ image }, "c5") as tf.Tensor;
      tf.dispose([image, c5]);
      loaded.dispose();
      return c5.shape;
    });
    assertEquals(shape, [2, 2, 2, 32]);
  }));

Deno.test("the page is files beside each other: itself, its script, tfjs, and a model for each canvas", () =>
  withExport(twoCanvases, "web", "detector", (files, dir, usage) => {
    const models = ["64x64", "64x96"].flatMap((canvas) => [
      `detector-${canvas}/model.json`,
      `detector-${canvas}/weights-1-of-1.bin`,
    ]);
    const wasm = ["", "-simd", "-threaded-simd"].map((kind) => `wasm/tfjs-backend-wasm${kind}.wasm`);
    assertEquals([...files.keys()], [
      "index.html",
      "page.css",
      "page.js",
      ...wasm,
      ...models,
      "detector.json",
    ]);
    assertStringIncludes(usage, `--directory ${dir}`);
    const text = new TextDecoder();
    const page = text.decode(files.get("index.html")) + text.decode(files.get("page.css"));
    assert(
      !/(?:src|href)="(?:\w+:)?\/|url\(\s*["']?(?:\w+:)?\//.test(page),
      "it refers to itself alone, and by name",
    );
    return Promise.resolve();
  }));
