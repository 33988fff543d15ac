/**
 * ClsNASNet: VOC, Faster R-CNN with FPN, a backbone searched for ImageNet's top-1 accuracy with the same supernet, space and budget, then
 * trained to detect (ablation by head and data set).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: 56 GPU-days as the authors count: as `coco-fpn-300m`, without the supernet's fine-tuning.
 * Command: `deno task search --config voc-fpn-300m-clsnas --pretrain-data IMAGENET --data VOCdevkit`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { classificationSearch, detnas, onVoc } from "./paper.ts";

/** The config `voc-fpn-300m-clsnas`. */
export const vocFpn300mClsnas = {
  ...detnas,
  name: "voc-fpn-300m-clsnas",
  ...onVoc(detnas),
  search: classificationSearch,
} satisfies ConfigInput;
