/**
 * DetNAS on COCO, Faster R-CNN with FPN, 40 wide blocks (table 2, DetNASNet 3.8G). The authors took the winner of 1.3G
 * for it; its backbone has 3.94 billion multiply-adds, hence the budget.
 *
 * Published: AP 42.0 on minival.
 * GPUs: 8.
 * Time: not published; about thirteen times the multiply-adds of `coco-fpn-300m`.
 * Command: `deno task search --config coco-fpn-3.8g --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, paperSearch } from "./paper.ts";

/** The config `coco-fpn-3.8g`. */
export const cocoFpn3800m = {
  ...detnas,
  name: "coco-fpn-3.8g",
  space: "large-3.8G",
  paths: { ...detnas.paths, pretrain: { kind: "uniform" } },
  search: { ...paperSearch, budget: { macs: 4000e6, parameters: null, latencyMs: null } },
} satisfies ConfigInput;
