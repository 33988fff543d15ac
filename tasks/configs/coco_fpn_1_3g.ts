/**
 * DetNAS on COCO, Faster R-CNN with FPN, 40 blocks within 1.3 billion multiply-adds (table 2, DetNASNet 1.3G).
 *
 * Published: AP 40.0 on minival (the authors' later code: 40.3; quoted by Hit-Detector: 40.2).
 * GPUs: 8.
 * Time: not published; about four times the multiply-adds of `coco-fpn-300m`.
 * Command: `deno task search --config coco-fpn-1.3g --pretrain-data IMAGENET --data COCO`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { detnas, paperSearch } from "./paper.ts";

/** The config `coco-fpn-1.3g`. */
export const cocoFpn1300m = {
  ...detnas,
  name: "coco-fpn-1.3g",
  space: "large-1.3G",
  paths: { ...detnas.paths, pretrain: { kind: "uniform" } },
  search: { ...paperSearch, budget: { macs: 1300e6, parameters: null, latencyMs: null } },
} satisfies ConfigInput;
