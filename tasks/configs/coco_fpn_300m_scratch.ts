/**
 * DetNAS-scratch: COCO, Faster R-CNN with FPN, the same search without any ImageNet: neither the supernet nor the winner is pre-trained
 * (ablation by head and data set).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config coco-fpn-300m-scratch --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, fromScratch } from "./paper.ts";

/** The config `coco-fpn-300m-scratch`. */
export const cocoFpn300mScratch = {
  ...detnas,
  name: "coco-fpn-300m-scratch",
  ...fromScratch(detnas),
} satisfies ConfigInput;
