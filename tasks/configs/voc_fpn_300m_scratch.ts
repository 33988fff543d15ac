/**
 * DetNAS-scratch: VOC, Faster R-CNN with FPN, the same search without any ImageNet: neither the supernet nor the winner is pre-trained
 * (ablation by head and data set).
 *
 * Published: number not found in the authors' published tables.
 * GPUs: 8.
 * Time: not published.
 * Command: `deno task search --config voc-fpn-300m-scratch --data VOCdevkit`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, fromScratch, onVoc } from "./paper.ts";

/** The config `voc-fpn-300m-scratch`. */
export const vocFpn300mScratch = {
  ...detnas,
  name: "voc-fpn-300m-scratch",
  ...onVoc(detnas),
  ...fromScratch(onVoc(detnas)),
} satisfies ConfigInput;
