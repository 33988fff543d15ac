/**
 * ShuffleNetV2 of 20 blocks by hand (every block 3x3): VOC, RetinaNet, no search (main table and ablation).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: 24 GPU-days as the authors count: ImageNet 12, detection 12.
 * Command: `deno task search --config voc-retinanet-shufflenetv2-20 --pretrain-data IMAGENET --data VOCdevkit`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, onVoc, withRetinaNet } from "./paper.ts";

/** The config `voc-retinanet-shufflenetv2-20`. */
export const vocRetinanetShufflenetv220 = {
  ...detnas,
  name: "voc-retinanet-shufflenetv2-20",
  ...onVoc(withRetinaNet),
  architecture: "shufflenetv2-20",
} satisfies ConfigInput;
