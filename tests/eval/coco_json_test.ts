import { assertEquals, assertThrows } from "@std/assert";
import { cocoDetections, cocoGroundTruth } from "../../lib/eval/coco_json.ts";

const images = [{ id: 7 }, { id: 2 }];
const categories = [{ id: 9, name: "dog" }, { id: 4, name: "cat" }];
const annotation = { id: 1, image_id: 7, category_id: 4, bbox: [1, 2, 3, 4] };

function read(fields: Record<string, unknown>): ReturnType<typeof cocoGroundTruth> {
  return cocoGroundTruth({ images, categories, annotations: [annotation], ...fields }, "ann.json");
}

Deno.test("cocoGroundTruth() orders images and categories by id, and fills in area and iscrowd", () => {
  const { imageIds, categoryIds, classes, columns } = read({
    annotations: [annotation, { ...annotation, id: 2, category_id: 9, area: 5.5, iscrowd: 1 }],
  });
  assertEquals([imageIds, categoryIds, classes], [[2, 7], [4, 9], ["cat", "dog"]]);
  assertEquals([...columns.imageIndices], [1, 1]);
  assertEquals([...columns.classIndices], [0, 1]);
  assertEquals([...columns.areasPx], [12, 5.5]);
  assertEquals([...columns.isCrowd], [0, 1]);
  assertEquals([...columns.boxesXywh.subarray(0, 4)], [1, 2, 3, 4]);
});

Deno.test("cocoGroundTruth() names file, field and value of what it cannot read", () => {
  const refuse = (json: unknown, message: string): unknown =>
    assertThrows(() => cocoGroundTruth(json, "ann.json"), SyntaxError, `Cannot read ann.json: ${message}`);
  refuse([], "the file must be an object, but is []");
  refuse({ images: 3 }, "images must be a list, but is 3");
  refuse({ images: [{}] }, "images[0].id must be a finite number, but is missing");
  refuse({ images, categories: [{ id: 1 }] }, "categories[0].name must be text, but is missing");
  refuse({ images, categories }, "annotations must be a list, but is missing");
  const bbox = [1, 2, 3];
  refuse(
    { images, categories, annotations: [{ ...annotation, bbox }] },
    "annotations[0].bbox must be four finite numbers, but is [1,2,3]",
  );
});

Deno.test("cocoGroundTruth() refuses ids that are unknown or there twice", () => {
  const refuse = (fields: Record<string, unknown>, message: string): unknown =>
    assertThrows(() => read(fields), RangeError, `Cannot read ann.json: ${message}`);
  refuse({ images: [{ id: 7 }, { id: 7 }] }, "images has the id 7 more than once");
  refuse({ annotations: [annotation, annotation] }, "annotations has the id 1 more than once");
  refuse({ images: [{ id: 2 }] }, "annotations[0].image_id is 7, which the annotation file does not list");
});

Deno.test("cocoDetections() names what it cannot read or does not know", () => {
  const result = { image_id: 2, category_id: 4, bbox: [0, 0, 1, 1], score: 0.5 };
  const detections = (...results: unknown[]): unknown => cocoDetections(results, read({}), "det.json");
  assertThrows(
    () => cocoDetections({}, read({}), "det.json"),
    SyntaxError,
    "the file must be a list, but is {}",
  );
  assertThrows(
    () => detections(result, { ...result, image_id: 3 }),
    RangeError,
    "Cannot read det.json: results[1].image_id is 3, which the annotation file does not list",
  );
  assertThrows(() => detections({ ...result, category_id: 1 }), RangeError, "results[0].category_id is 1");
  assertThrows(
    () => detections({ ...result, score: "1" }),
    SyntaxError,
    'score must be a finite number, but is "1"',
  );
  assertThrows(
    () => detections({ ...result, bbox: [0, 0, NaN, 1] }),
    SyntaxError,
    "bbox must be four finite",
  );
});
