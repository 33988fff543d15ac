/**
 * ResNet-50 in the searched backbones' place: COCO, Faster R-CNN with FPN, no search (main table; 3.8 billion
 * multiply-adds). It takes the same recipe as the others, all of its layers trained, images not normalised.
 *
 * Published: AP 37.3 on minival.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config coco-fpn-resnet-50 --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas } from "./paper.ts";

/** The config `coco-fpn-resnet-50`. */
export const cocoFpnResnet50 = {
  ...detnas,
  name: "coco-fpn-resnet-50",
  space: "resnet-50",
  architecture: "resnet-50",
} satisfies ConfigInput;
