/**
 * ShuffleNetV2 of 20 blocks by hand (every block 3x3): COCO, RetinaNet, no search (main table and ablation).
 *
 * Published: AP 32.1 on minival, as FNA (Fang et al. 2020, table 3) quotes it.
 * GPUs: 8.
 * Time: 24 GPU-days as the authors count: ImageNet 12, detection 12.
 * Command: `deno task search --config coco-retinanet-shufflenetv2-20 --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, withRetinaNet } from "./paper.ts";

/** The config `coco-retinanet-shufflenetv2-20`. */
export const cocoRetinanetShufflenetv220 = {
  ...detnas,
  name: "coco-retinanet-shufflenetv2-20",
  ...withRetinaNet,
  architecture: "shufflenetv2-20",
} satisfies ConfigInput;
