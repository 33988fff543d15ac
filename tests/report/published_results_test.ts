import { assert, assertEquals } from "@std/assert";
import { publishedFor, publishedNumber, publishedResults } from "../../lib/report/published_results.ts";
import { comparedRun } from "./records.ts";

Deno.test("the paper's rows are those of the sources", () => {
  const value = (backbone: string, detector: string, data: string): number | undefined => {
    const run = comparedRun({
      publishedAs: backbone,
      data,
      detector: detector === "FPN" ? "Faster R-CNN, FPN" : "RetinaNet",
    });
    const found = publishedFor(run);
    return data === "VOC" ? found?.AP50 : found?.AP;
  };
  assertEquals(
    [
      value("DetNAS 300M", "FPN", "COCO"),
      value("DetNAS 300M", "RetinaNet", "COCO"),
      value("DetNAS 300M", "FPN", "VOC"),
      value("DetNAS 300M", "RetinaNet", "VOC"),
      value("DetNAS 1.3G", "FPN", "COCO"),
      value("DetNAS 3.8G", "FPN", "COCO"),
      value("ShuffleNetV2-20", "RetinaNet", "COCO"),
      value("ResNet-50", "FPN", "COCO"),
      value("ResNet-101", "FPN", "COCO"),
    ],
    [0.364, 0.333, 0.815, 0.801, 0.402, 0.42, 0.321, 0.373, 0.4],
  );
});

Deno.test("numbers without a citable source are not there", () => {
  for (
    const run of [
      { publishedAs: "ShuffleNetV2-20", detector: "Faster R-CNN, FPN", data: "COCO" },
      { publishedAs: "ShuffleNetV2-20", detector: "RetinaNet", data: "VOC" },
      { publishedAs: "ClsNASNet 300M", detector: "Faster R-CNN, FPN", data: "COCO" },
      { publishedAs: "DetNAS-scratch 300M", detector: "RetinaNet", data: "VOC" },
      { publishedAs: "DetNAS 1.3G", detector: "RetinaNet", data: "COCO" },
      { publishedAs: null, detector: "RetinaNet", data: "COCO" },
    ] as const
  ) {
    assertEquals(publishedFor(comparedRun(run)), null, JSON.stringify(run));
  }
});

Deno.test("on other data than the paper's, COCO's row is beside", () => {
  assertEquals(publishedFor(comparedRun({ data: "cells" }))?.data, "COCO");
});

Deno.test("every row says where it was read, and its scores are fractions", () => {
  for (const result of publishedResults) {
    assert(result.source.length > 10, result.backbone);
    const scores = [
      result.AP,
      result.AP50,
      result.AP75,
      result.APs,
      result.APm,
      result.APl,
      result.top1Error,
    ];
    for (const score of scores) assert(score === undefined || (score > 0 && score < 1), result.backbone);
  }
  assertEquals(publishedResults.map(publishedNumber), publishedResults.map((_, i) => i + 1));
});
