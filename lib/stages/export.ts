/**
 * After the job: a run's retrained network in the formats of others.
 *
 * @module
 */
import { dirname } from "node:path";
import type { ExportedPart } from "../export/description.ts";
import type { ExportedFile } from "../export/exported_file.ts";
import type { TrainedNetwork } from "../export/network_graph.ts";
import { onnxFiles, onnxUsage } from "../export/onnx_export.ts";
import { savedModelFiles, savedModelUsage } from "../export/saved_model_export.ts";
import { tfjsFiles, tfjsUsage } from "../export/tfjs_export.ts";
import { webFiles, webUsage } from "../export/web_export.ts";
import { weightsFiles, weightsUsage } from "../export/weights_export.ts";
import { makeFolder, writeFileAtomic } from "../run/atomic_file.ts";

/** A format's name, as it is typed. */
export type ExportFormat = "onnx" | "saved-model" | "tfjs" | "web" | "weights";

/** What a format can do. */
export interface ExportFormatKind {
  /** For people. */
  readonly help: string;
  /** The parts of a network that it takes, the default first. */
  readonly parts: readonly ExportedPart[];
  /** Makes the files. */
  readonly files: (network: TrainedNetwork, part: ExportedPart) => ExportedFile[] | Promise<ExportedFile[]>;
  /** Lines of code that use them. */
  readonly usage: (dir: string, files: readonly ExportedFile[], part: ExportedPart) => string[];
}

/** All formats, by name. */
export const exportFormats: Readonly<Record<ExportFormat, ExportFormatKind>> = {
  onnx: {
    help: "ONNX, for onnxruntime and many others; a detector's post-processing is inside",
    parts: ["detector", "backbone"],
    files: onnxFiles,
    usage: onnxUsage,
  },
  "saved-model": {
    help: "TensorFlow's SavedModel, for TensorFlow Serving and Python; post-processing is inside",
    parts: ["detector", "backbone"],
    files: savedModelFiles,
    usage: savedModelUsage,
  },
  tfjs: {
    help: "tfjs's graph model, for browsers and Node; post-processing is inside",
    parts: ["detector", "backbone"],
    files: tfjsFiles,
    usage: tfjsUsage,
  },
  web: {
    help: "a page that detects in any browser: drop a photograph, see boxes",
    parts: ["detector"],
    files: webFiles,
    usage: webUsage,
  },
  weights: {
    help: "safetensors and a PyTorch module that loads them",
    parts: ["backbone"],
    files: weightsFiles,
    usage: weightsUsage,
  },
};

/** What to export, and where to. */
export interface ExportOptions {
  readonly format: ExportFormat;
  /** One of the format's. */
  readonly part: ExportedPart;
  /** The folder, made if need be; files of these names are replaced. */
  readonly outputDir: string;
}

/** What was written. */
export interface ExportResult {
  /** The files' paths. */
  readonly paths: readonly string[];
  /** Lines of code that use them. */
  readonly usage: readonly string[];
}

/** Writes a network in a format. Throws what the format throws, and Deno's errors where a file can't be written. */
export async function exportNetwork(
  network: TrainedNetwork,
  { format, part, outputDir }: ExportOptions,
): Promise<ExportResult> {
  const kind = exportFormats[format];
  const files = await kind.files(network, part);
  const paths: string[] = [];
  for (const { name, bytes } of files) {
    const path = `${outputDir}/${name}`;
    await makeFolder(dirname(path), { recursive: true });
    await writeFileAtomic(path, bytes);
    paths.push(path);
  }
  return { paths, usage: kind.usage(outputDir, files, part) };
}
