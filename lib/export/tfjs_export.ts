/**
 * A network as graph models of tfjs: a detector is one a canvas, as its anchors belong to the canvas; a backbone takes
 * any size.
 *
 * @module
 */
import { describeExport, type ExportedPart } from "./description.ts";
import { type ExportedFile, fileOfJson } from "./exported_file.ts";
import { exportedGraphs } from "./exported_graphs.ts";
import type { TrainedNetwork } from "./network_graph.ts";
import { fusedForTfjs } from "./tfjs_fusion.ts";
import { tfjsModelFiles } from "./tfjs_model.ts";
import { toTensorFlow } from "./to_tensorflow.ts";

/** The files of an export to tfjs, the description last. Throws what the graphs throw. */
export function tfjsFiles(network: TrainedNetwork, part: ExportedPart): ExportedFile[] {
  const graphs = exportedGraphs(network, part);
  const names = graphs.map(({ prefix }) => `${prefix}model.json`);
  const description = describeExport(network, part, "tfjs", names);
  const { classes, architecture, input: { placement } } = description;
  const files = graphs.flatMap(({ graph, prefix }) =>
    tfjsModelFiles(fusedForTfjs(toTensorFlow(graph)), { classes, architecture, placement })
      .map(({ name, bytes }) => ({ name: prefix + name, bytes }))
  );
  return [...files, fileOfJson(`${part}.json`, description)];
}

/** How the files are used, in JavaScript. */
export function tfjsUsage(_dir: string, files: readonly ExportedFile[], part: ExportedPart): string[] {
  const open = [
    'import * as tf from "@tensorflow/tfjs";',
    `const model = await tf.loadGraphModel("https://…/${files[0].name}"); // wherever the folder is served`,
  ];
  return part === "backbone"
    ? [
      ...open,
      'const c5 = model.execute({ image: images }, "c5"); // float32 [N, H, W, 3], RGB in 0..255',
    ]
    : [
      ...open,
      "const [boxes, scores, classes] = await model.executeAsync({",
      "  image: canvas, // float32 [1, H, W, 3], RGB in 0..255, the picture at its top left",
      "  extent, // float32 [2], the picture's width and height on the canvas",
      '}, ["boxes", "scores", "classes"]);',
    ];
}
