/**
 * An exported model in tfjs, on its own backend for the web: WebAssembly.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import type { ExportedFile } from "../../lib/export/exported_file.ts";

/** Loads the files with the converter's API, as a page does from its server. */
export async function loadFromFiles(files: readonly ExportedFile[]): Promise<GraphModel> {
  return await loadGraphModel(ioOfFiles(files));
}

/** What hands files to the converter's API. */
export function ioOfFiles(files: readonly ExportedFile[]): tf.io.IOHandler {
  const [{ bytes: json }, ...shards] = files;
  const { modelTopology, weightsManifest, format, generatedBy, signature } = JSON.parse(
    new TextDecoder().decode(json),
  );
  const byPath = new Map(shards.map(({ name, bytes }) => [name, bytes]));
  const [{ paths, weights }] = weightsManifest;
  const parts: Uint8Array[] = paths.map((path: string) => byPath.get(path)!);
  const artifacts = { modelTopology, format, generatedBy, signature, weightSpecs: weights };
  return {
    load: async () => ({ ...artifacts, weightData: await new Blob(parts as BlobPart[]).arrayBuffer() }),
  };
}

/** Runs a function on the WebAssembly backend, and makes the one before the backend again. */
export async function onWasm<T>(run: () => Promise<T>): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend("wasm");
  try {
    return await run();
  } finally {
    await tf.setBackend(before);
  }
}
