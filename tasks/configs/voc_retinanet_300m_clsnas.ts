/**
 * ClsNASNet: VOC, RetinaNet, a backbone searched for ImageNet's top-1 accuracy with the same supernet, space and budget, then
 * trained to detect (ablation by head and data set).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: 56 GPU-days as the authors count: as `coco-fpn-300m`, without the supernet's fine-tuning.
 * Command: `deno task search --config voc-retinanet-300m-clsnas --pretrain-data IMAGENET --data VOCdevkit`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { classificationSearch, detnas, onVoc, withRetinaNet } from "./paper.ts";

/** The config `voc-retinanet-300m-clsnas`. */
export const vocRetinanet300mClsnas = {
  ...detnas,
  name: "voc-retinanet-300m-clsnas",
  ...onVoc(withRetinaNet),
  search: classificationSearch,
} satisfies ConfigInput;
