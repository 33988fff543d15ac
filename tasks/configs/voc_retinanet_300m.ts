/**
 * DetNAS on VOC 2007 and 2012 under RetinaNet, 20 blocks within 300 million multiply-adds (ablation by head and data set).
 *
 * Published: mAP 80.1 on VOC 2007's test split, at IoU 0.5.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config voc-retinanet-300m --pretrain-data IMAGENET --data VOCdevkit`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, onVoc, withRetinaNet } from "./paper.ts";

/** The config `voc-retinanet-300m`. */
export const vocRetinanet300m = {
  ...detnas,
  name: "voc-retinanet-300m",
  ...onVoc(withRetinaNet),
} satisfies ConfigInput;
