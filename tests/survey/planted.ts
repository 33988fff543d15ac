/**
 * A data set in memory, with whatever is wrong put into it.
 *
 * @module
 */
import type { Annotation, DetectionSample, DetectionSet } from "../../lib/data/sample.ts";
import { listOf } from "../../lib/data/sample_list.ts";
import type { SurveyedData } from "../../lib/survey/data_survey.ts";

/** A box of a class, x1, y1, x2, y2. */
export type PlantedBox = readonly [classIndex: number, x1: number, y1: number, x2: number, y2: number];

/** A 200 x 100 image of boxes, one grey. */
export function sampleOf(
  id: string,
  boxes: readonly PlantedBox[],
  widthPx = 200,
  heightPx = 100,
): DetectionSample {
  const annotations = boxes.map(([classIndex, x1, y1, x2, y2]): Annotation => ({
    boxXyxy: [x1, y1, x2, y2],
    classIndex,
    isCrowd: false,
    isDifficult: false,
    areaPx: (x2 - x1) * (y2 - y1),
  }));
  const generate = (): { width: number; height: number; data: Uint8Array } => ({
    width: widthPx,
    height: heightPx,
    data: new Uint8Array(widthPx * heightPx * 3).fill(128),
  });
  return { id, source: { generate }, widthPx, heightPx, annotations };
}

/** Three splits of given images; classes `a`, `b` and `c`. */
export function dataOf(
  splits: Partial<Record<keyof SurveyedData, readonly DetectionSample[]>>,
): SurveyedData {
  const set = (name: keyof SurveyedData): DetectionSet => ({
    name,
    classes: ["a", "b", "c"],
    samples: listOf(splits[name] ?? []),
    skipped: [],
  });
  return { train: set("train"), val: set("val"), test: set("test") };
}
