/**
 * ShuffleNetV2 of 20 blocks by hand (every block 3x3): COCO, Faster R-CNN with FPN, no search (main table and ablation).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: 24 GPU-days as the authors count: ImageNet 12, detection 12.
 * Command: `deno task search --config coco-fpn-shufflenetv2-20 --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas } from "./paper.ts";

/** The config `coco-fpn-shufflenetv2-20`. */
export const cocoFpnShufflenetv220 = {
  ...detnas,
  name: "coco-fpn-shufflenetv2-20",
  architecture: "shufflenetv2-20",
} satisfies ConfigInput;
