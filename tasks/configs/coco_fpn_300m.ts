/**
 * The paper's main result: DetNAS on COCO, Faster R-CNN with FPN, 20 blocks within 300 million multiply-adds (table 2,
 * DetNASNet).
 *
 * Published: AP 36.4 on minival (the authors' later code: 36.6).
 * GPUs: 8.
 * Time: 68 GPU-days as the authors count (8 GPUs: about 9 days): pre-training 12, fine-tuning 12, search 20, winner 24.
 * Command: `deno task search --config coco-fpn-300m --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas } from "./paper.ts";

/** The config `coco-fpn-300m`. */
export const cocoFpn300m = {
  ...detnas,
  name: "coco-fpn-300m",
} satisfies ConfigInput;
