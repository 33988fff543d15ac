/**
 * ClsNASNet: COCO, RetinaNet, a backbone searched for ImageNet's top-1 accuracy with the same supernet, space and budget, then
 * trained to detect (ablation by head and data set).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: 56 GPU-days as the authors count: as `coco-fpn-300m`, without the supernet's fine-tuning.
 * Command: `deno task search --config coco-retinanet-300m-clsnas --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { classificationSearch, detnas, withRetinaNet } from "./paper.ts";

/** The config `coco-retinanet-300m-clsnas`. */
export const cocoRetinanet300mClsnas = {
  ...detnas,
  name: "coco-retinanet-300m-clsnas",
  ...withRetinaNet,
  search: classificationSearch,
} satisfies ConfigInput;
