/**
 * A network as ONNX files: a detector is one a canvas, as its anchors belong to the canvas; a backbone takes any size.
 *
 * @module
 */
import { canvasesOf, describeExport, type ExportedPart } from "./description.ts";
import { type ExportedFile, fileOfJson } from "./exported_file.ts";
import { backboneGraph, detectorGraph, type TrainedNetwork } from "./network_graph.ts";
import { encodeOnnx } from "./onnx.ts";

/** The files of an ONNX export, the description last. Throws what the graphs throw. */
export function onnxFiles(network: TrainedNetwork, part: ExportedPart): ExportedFile[] {
  const metadata = metadataOf(network, part);
  if (part === "backbone") {
    const file = { name: "backbone.onnx", bytes: encodeOnnx(backboneGraph(network), metadata) };
    return [file, fileOfJson("backbone.json", describeExport(network, part, "onnx", [file.name]))];
  }
  const canvases = canvasesOf(network.config.detector);
  const names = canvases.map(({ heightPx, widthPx }) =>
    canvases.length === 1 ? "detector.onnx" : `detector-${heightPx}x${widthPx}.onnx`
  );
  const files = canvases.map((canvas, i) => ({
    name: names[i],
    bytes: encodeOnnx(detectorGraph(network, canvas), metadata),
  }));
  return [...files, fileOfJson("detector.json", describeExport(network, part, "onnx", names))];
}

function metadataOf(network: TrainedNetwork, part: ExportedPart): Record<string, string> {
  const { space, architecture, input: { placement }, classes } = describeExport(network, part, "onnx", []);
  const ofDetector = classes === null ? {} : { classes: JSON.stringify(classes), placement: placement ?? "" };
  return { space, architecture, image: "RGB, float32 in 0..255, NHWC", ...ofDetector };
}

/** How the files are used, in Python. */
export function onnxUsage(dir: string, files: readonly ExportedFile[], part: ExportedPart): string[] {
  const open = `session = onnxruntime.InferenceSession("${dir}/${files[0].name}")`;
  return part === "backbone"
    ? [
      "import onnxruntime",
      open,
      'c2, c3, c4, c5 = session.run(None, {"image": image})  # float32 [N, H, W, 3]',
    ]
    : [
      "import onnxruntime",
      open,
      "boxes, scores, classes = session.run(None, {",
      '    "image": canvas,   # float32 [1, H, W, 3], RGB in 0..255, the picture at its top left',
      '    "extent": extent,  # float32 [2], the picture\'s width and height on the canvas',
      "})",
    ];
}
