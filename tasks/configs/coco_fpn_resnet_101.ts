/**
 * ResNet-101 in the searched backbones' place: COCO, Faster R-CNN with FPN, no search (main table; 7.6 billion
 * multiply-adds). It takes the same recipe as the others, all of its layers trained, images not normalised.
 *
 * Published: AP 40.0 on minival.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config coco-fpn-resnet-101 --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas } from "./paper.ts";

/** The config `coco-fpn-resnet-101`. */
export const cocoFpnResnet101 = {
  ...detnas,
  name: "coco-fpn-resnet-101",
  space: "resnet-101",
  architecture: "resnet-101",
} satisfies ConfigInput;
