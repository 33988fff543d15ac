/**
 * The one place where a config's detector becomes code.
 *
 * @module
 */
import type { DetectorConfig } from "../config/schema.ts";
import type { Detector, DetectorContext } from "./detector.ts";
import { FasterRcnnDetector } from "./faster_rcnn_detector.ts";
import { OneStageDetector } from "./one_stage_detector.ts";
import { retinaHead } from "./retina_detector.ts";

/** The detector of a config; the caller owns it. */
export function detectorOf(context: DetectorContext, config: DetectorConfig): Detector {
  switch (config.kind) {
    case "retinanet":
      return new OneStageDetector(context, retinaHead(config, context.classes));
    case "faster-rcnn":
      return new FasterRcnnDetector(context, config);
  }
}
