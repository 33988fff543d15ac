/**
 * ShuffleNetV2 of 40 blocks by hand (every block 3x3), 1.3G: COCO, Faster R-CNN with FPN, no search (main table).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config coco-fpn-shufflenetv2-40-1.3g --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas } from "./paper.ts";

/** The config `coco-fpn-shufflenetv2-40-1.3g`. */
export const cocoFpnShufflenetv240Of1300m = {
  ...detnas,
  name: "coco-fpn-shufflenetv2-40-1.3g",
  space: "large-1.3G",
  architecture: "shufflenetv2-40",
} satisfies ConfigInput;
