/**
 * DetNAS-scratch: COCO, RetinaNet, the same search without any ImageNet: neither the supernet nor the winner is pre-trained
 * (ablation by head and data set).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config coco-retinanet-300m-scratch --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, fromScratch, withRetinaNet } from "./paper.ts";

/** The config `coco-retinanet-300m-scratch`. */
export const cocoRetinanet300mScratch = {
  ...detnas,
  name: "coco-retinanet-300m-scratch",
  ...withRetinaNet,
  ...fromScratch(withRetinaNet),
} satisfies ConfigInput;
