/**
 * DetNAS on VOC 2007 and 2012, Faster R-CNN with FPN, 20 blocks within 300 million multiply-adds (ablation by head and
 * data set).
 *
 * Published: mAP 81.5 on VOC 2007's test split, at IoU 0.5.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config voc-fpn-300m --pretrain-data IMAGENET --data VOCdevkit`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, onVoc } from "./paper.ts";

/** The config `voc-fpn-300m`. */
export const vocFpn300m = {
  ...detnas,
  name: "voc-fpn-300m",
  ...onVoc(detnas),
} satisfies ConfigInput;
