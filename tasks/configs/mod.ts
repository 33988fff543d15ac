/**
 * The named experiments, one file each. A new one is written beside these and added to the list.
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { cocoFpn1300m } from "./coco_fpn_1_3g.ts";
import { cocoFpn300m } from "./coco_fpn_300m.ts";
import { cocoFpn300mClsnas } from "./coco_fpn_300m_clsnas.ts";
import { cocoFpn300mScratch } from "./coco_fpn_300m_scratch.ts";
import { cocoFpn3800m } from "./coco_fpn_3_8g.ts";
import { cocoFpnResnet101 } from "./coco_fpn_resnet_101.ts";
import { cocoFpnResnet50 } from "./coco_fpn_resnet_50.ts";
import { cocoFpnShufflenetv220 } from "./coco_fpn_shufflenetv2_20.ts";
import { cocoFpnShufflenetv240Of1300m } from "./coco_fpn_shufflenetv2_40_1_3g.ts";
import { cocoFpnShufflenetv240Of3800m } from "./coco_fpn_shufflenetv2_40_3_8g.ts";
import { cocoRetinanet300m } from "./coco_retinanet_300m.ts";
import { cocoRetinanet300mClsnas } from "./coco_retinanet_300m_clsnas.ts";
import { cocoRetinanet300mScratch } from "./coco_retinanet_300m_scratch.ts";
import { cocoRetinanetShufflenetv220 } from "./coco_retinanet_shufflenetv2_20.ts";
import { vocFpn300m } from "./voc_fpn_300m.ts";
import { vocFpn300mClsnas } from "./voc_fpn_300m_clsnas.ts";
import { vocFpn300mScratch } from "./voc_fpn_300m_scratch.ts";
import { vocFpnShufflenetv220 } from "./voc_fpn_shufflenetv2_20.ts";
import { vocRetinanet300m } from "./voc_retinanet_300m.ts";
import { vocRetinanet300mClsnas } from "./voc_retinanet_300m_clsnas.ts";
import { vocRetinanet300mScratch } from "./voc_retinanet_300m_scratch.ts";
import { vocRetinanetShufflenetv220 } from "./voc_retinanet_shufflenetv2_20.ts";
import { photos } from "./photos.ts";
import { photosFpn } from "./photos_fpn.ts";
import { shapes } from "./shapes.ts";
import { shapesTiny } from "./shapes_tiny.ts";
import { treeCrowns } from "./tree_crowns.ts";

/** The paper's experiments: DetNAS's own, and what its tables compare with. */
export const paperConfigs: ReadonlyMap<string, ConfigInput> = new Map<string, ConfigInput>([
  ["coco-fpn-300m", cocoFpn300m],
  ["coco-fpn-1.3g", cocoFpn1300m],
  ["coco-fpn-3.8g", cocoFpn3800m],
  ["coco-retinanet-300m", cocoRetinanet300m],
  ["voc-fpn-300m", vocFpn300m],
  ["voc-retinanet-300m", vocRetinanet300m],
  ["coco-fpn-300m-scratch", cocoFpn300mScratch],
  ["coco-fpn-300m-clsnas", cocoFpn300mClsnas],
  ["coco-fpn-shufflenetv2-20", cocoFpnShufflenetv220],
  ["coco-retinanet-300m-scratch", cocoRetinanet300mScratch],
  ["coco-retinanet-300m-clsnas", cocoRetinanet300mClsnas],
  ["coco-retinanet-shufflenetv2-20", cocoRetinanetShufflenetv220],
  ["voc-fpn-300m-scratch", vocFpn300mScratch],
  ["voc-fpn-300m-clsnas", vocFpn300mClsnas],
  ["voc-fpn-shufflenetv2-20", vocFpnShufflenetv220],
  ["voc-retinanet-300m-scratch", vocRetinanet300mScratch],
  ["voc-retinanet-300m-clsnas", vocRetinanet300mClsnas],
  ["voc-retinanet-shufflenetv2-20", vocRetinanetShufflenetv220],
  ["coco-fpn-shufflenetv2-40-1.3g", cocoFpnShufflenetv240Of1300m],
  ["coco-fpn-shufflenetv2-40-3.8g", cocoFpnShufflenetv240Of3800m],
  ["coco-fpn-resnet-50", cocoFpnResnet50],
  ["coco-fpn-resnet-101", cocoFpnResnet101],
]);

/** What `--config NAME` can name. */
export const configs: ReadonlyMap<string, ConfigInput> = new Map<string, ConfigInput>([
  ["shapes", shapes],
  ["shapes-tiny", shapesTiny],
  ["tree-crowns", treeCrowns],
  ["photos", photos],
  ["photos-fpn", photosFpn],
  ...paperConfigs,
]);

/** The config that is used without `--config`. */
export const defaultConfigName = "shapes";
