/**
 * A backbone as weights that others load: safetensors, and a PyTorch module that loads them.
 *
 * @module
 */
import { encodeSafetensors } from "../train/safetensors.ts";
import { backboneTensors } from "./backbone_weights.ts";
import { describeExport } from "./description.ts";
import { type ExportedFile, fileOfJson, fileOfParts, fileOfText } from "./exported_file.ts";
import type { TrainedNetwork } from "./network_graph.ts";
import { pytorchModule } from "./pytorch_module.ts";

const weightsName = "backbone.safetensors";

/** The files of a weights export, the description last. Throws what `backboneTensors` throws. */
export function weightsFiles(network: TrainedNetwork): ExportedFile[] {
  const description = describeExport(network, "backbone", "weights", [weightsName]);
  const { space, architecture } = description;
  const metadata = { format: "pt", space, architecture, image: "RGB, float32 in 0..255, NCHW" };
  return [
    fileOfParts(weightsName, encodeSafetensors(backboneTensors(network), metadata)),
    fileOfText("backbone.py", pytorchModule(network, weightsName)),
    fileOfJson("backbone.json", description),
  ];
}

/** How the files are used, in Python. */
export function weightsUsage(dir: string): string[] {
  return [
    `# in ${dir}, with torch and safetensors installed`,
    "from backbone import load",
    "c2, c3, c4, c5 = load()(images)  # float32 [N, 3, H, W], RGB in 0..255",
  ];
}
