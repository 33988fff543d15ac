/**
 * ShuffleNetV2 of 40 blocks by hand (every block 3x3), 3.8G: COCO, Faster R-CNN with FPN, no search (main table).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config coco-fpn-shufflenetv2-40-3.8g --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas } from "./paper.ts";

/** The config `coco-fpn-shufflenetv2-40-3.8g`. */
export const cocoFpnShufflenetv240Of3800m = {
  ...detnas,
  name: "coco-fpn-shufflenetv2-40-3.8g",
  space: "large-3.8G",
  architecture: "shufflenetv2-40",
} satisfies ConfigInput;
