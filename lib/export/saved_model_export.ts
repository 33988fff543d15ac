/**
 * A network as SavedModels: a detector is one a canvas, as its anchors belong to the canvas; a backbone takes any size.
 *
 * @module
 */
import { describeExport, type ExportedPart } from "./description.ts";
import { type ExportedFile, fileOfJson } from "./exported_file.ts";
import { exportedGraphs } from "./exported_graphs.ts";
import type { TrainedNetwork } from "./network_graph.ts";
import { encodeSavedModel } from "./saved_model.ts";
import { toTensorFlow } from "./to_tensorflow.ts";

/** The files of a SavedModel export, the description last. Throws what the graphs throw. */
export function savedModelFiles(network: TrainedNetwork, part: ExportedPart): ExportedFile[] {
  const files = exportedGraphs(network, part).map(({ graph, prefix }) => ({
    name: `${prefix}saved_model.pb`,
    bytes: encodeSavedModel(toTensorFlow(graph)),
  }));
  const description = describeExport(network, part, "saved-model", files.map(({ name }) => name));
  return [...files, fileOfJson(`${part}.json`, description)];
}

/** How the files are used, in Python. */
export function savedModelUsage(dir: string, files: readonly ExportedFile[], part: ExportedPart): string[] {
  const folder = `${dir}/${files[0].name}`.replace(/\/saved_model\.pb$/, "");
  const open = ["import tensorflow as tf", `model = tf.saved_model.load("${folder}")`];
  const run = 'model.signatures["serving_default"]';
  return part === "backbone"
    ? [...open, `features = ${run}(image=images)  # float32 [N, H, W, 3], RGB in 0..255`, 'features["c5"]']
    : [
      ...open,
      `found = ${run}(`,
      "    image=canvas,   # float32 [1, H, W, 3], RGB in 0..255, the picture at its top left",
      "    extent=extent,  # float32 [2], the picture's width and height on the canvas",
      ")",
      'found["boxes"], found["scores"], found["classes"]',
    ];
}
