/**
 * DetNAS on COCO under RetinaNet, 20 blocks within 300 million multiply-adds (ablation by head and data set).
 *
 * Published: AP 33.3 on minival (the authors' later code: 34.1).
 * GPUs: 8.
 * Time: 68 GPU-days as the authors count (8 GPUs: about 9 days): pre-training 12, fine-tuning 12, search 20, winner 24.
 * Command: `deno task search --config coco-retinanet-300m --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, withRetinaNet } from "./paper.ts";

/** The config `coco-retinanet-300m`. */
export const cocoRetinanet300m = {
  ...detnas,
  name: "coco-retinanet-300m",
  ...withRetinaNet,
} satisfies ConfigInput;
