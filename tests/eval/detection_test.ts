import { assertEquals } from "@std/assert";
import { toDetections } from "../../lib/eval/detection.ts";
import { groundTruthOf } from "../../lib/eval/ground_truth.ts";

Deno.test("toDetections() divides canvas pixels by the image's scale", () => {
  const found = {
    boxesXyxy: Float32Array.of(0, 0, 8, 8, 4, 6, 10, 12),
    scores: Float32Array.of(0.75, 0.5),
    classIndices: Int32Array.of(2, 0),
  };
  assertEquals(toDetections("a", found, { scaleX: 2, scaleY: 4 }), [
    { imageId: "a", classIndex: 2, score: 0.75, boxXyxy: [0, 0, 4, 2] },
    { imageId: "a", classIndex: 0, score: 0.5, boxXyxy: [2, 1.5, 5, 3] },
  ]);
});

Deno.test("groundTruthOf() keeps images without annotations", () => {
  const annotation = {
    boxXyxy: [0, 0, 2, 3] as const,
    classIndex: 0,
    isCrowd: false,
    isDifficult: true,
    areaPx: 6,
  };
  const set = {
    classes: ["x"],
    samples: [{ id: "a", annotations: [] }, { id: "b", annotations: [annotation] }],
  };
  assertEquals(groundTruthOf(set), {
    imageIds: ["a", "b"],
    classes: ["x"],
    annotations: [{ ...annotation, imageId: "b" }],
  });
});
