/**
 * DetNAS-scratch: VOC, RetinaNet, the same search without any ImageNet: neither the supernet nor the winner is pre-trained
 * (ablation by head and data set).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config voc-retinanet-300m-scratch --data VOCdevkit`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, fromScratch, onVoc, withRetinaNet } from "./paper.ts";

/** The config `voc-retinanet-300m-scratch`. */
export const vocRetinanet300mScratch = {
  ...detnas,
  name: "voc-retinanet-300m-scratch",
  ...onVoc(withRetinaNet),
  ...fromScratch(onVoc(withRetinaNet)),
} satisfies ConfigInput;
