import { assertEquals, assertThrows } from "@std/assert";
import {
  cocoDetections,
  cocoGroundTruth,
  type CocoLists,
  cocoLists,
  cocoResults,
  keysOf,
} from "../../lib/eval/coco_json.ts";
import type { DetectionColumns } from "../../lib/eval/detection.ts";
import type { JsonSource } from "../../lib/eval/json_source.ts";

const images = [{ id: 7 }, { id: 2 }];
const categories = [{ id: 9, name: "dog" }, { id: 4, name: "cat" }];
const annotation = { id: 1, image_id: 7, category_id: 4, bbox: [1, 2, 3, 4] };
const result = { image_id: 2, category_id: 4, bbox: [0, 0, 1, 1], score: 0.5 };

function read(lists: Partial<CocoLists>): ReturnType<typeof cocoGroundTruth> {
  return cocoGroundTruth({ images, categories, annotations: [annotation], ...lists }, "ann.json");
}

function detections(...results: unknown[]): DetectionColumns {
  return cocoDetections(results, keysOf(read({}), "ann.json"), "det.json");
}

function source(content: unknown): JsonSource {
  return { bytes: new TextEncoder().encode(JSON.stringify(content)), file: "ann.json" };
}

Deno.test("cocoGroundTruth() orders images and categories by id, and fills in area and iscrowd", () => {
  const { imageIds, categoryIds, classes, columns } = read({
    annotations: [
      annotation,
      { ...annotation, id: 0, category_id: 9, area: 5.5, iscrowd: 1 },
      { ...annotation, id: undefined, area: null, iscrowd: true },
    ],
  });
  assertEquals([imageIds, categoryIds, classes], [[2, 7], [4, 9], ["cat", "dog"]]);
  assertEquals([...columns.imageIndices], [1, 1, 1]);
  assertEquals([...columns.classIndices], [0, 1, 0]);
  assertEquals([...columns.areasPx], [12, 5.5, 12]);
  assertEquals([...columns.isCrowd], [0, 1, 1]);
  assertEquals([...columns.hasIdZero], [0, 1, 0]);
  assertEquals([...columns.boxesXywh.subarray(0, 4)], [1, 2, 3, 4]);
});

Deno.test("cocoGroundTruth() takes texts as ids, and two classes of one name", () => {
  const { imageIds, classes, columns } = read({
    images: [{ id: "b" }, { id: "a" }],
    categories: [{ id: 1, name: "cat" }, { id: 2, name: "cat" }],
    annotations: [{ ...annotation, image_id: "b", category_id: 2 }],
  });
  assertEquals([imageIds, classes], [["a", "b"], ["cat", "cat"]]);
  assertEquals([columns.imageIndices[0], columns.classIndices[0]], [1, 1]);
});

Deno.test("cocoLists() reads the lists of a file, in any order and more than once", () => {
  const lists = cocoLists(source({ annotations: [annotation], info: { year: 2017 }, categories, images }));
  assertEquals(cocoGroundTruth(lists, "ann.json"), read({}));
  assertEquals([...lists.images], [...lists.images]);
});

Deno.test("cocoLists() and cocoResults() say what a file is that is not theirs", () => {
  assertThrows(
    () => cocoLists(source([result])),
    SyntaxError,
    'Cannot read ann.json: the file is [{"image_id":2,',
  );
  assertThrows(
    () => cocoLists(source([])),
    SyntaxError,
    "wanted an object with the lists images, annotations",
  );
  assertThrows(() => cocoLists(source({ images })), SyntaxError, "categories is missing, wanted a list");
  assertThrows(
    () => [...cocoLists(source({ images: 3, categories, annotations: [] })).images],
    SyntaxError,
    "images is 3, wanted a list",
  );
  assertThrows(() => cocoResults(source({ a: 1 })), SyntaxError, 'is {"a":1}, wanted a list of results');
});

Deno.test("cocoGroundTruth() names file, entry, field and value of what it cannot read", () => {
  const refuse = (lists: Partial<CocoLists>, message: string): unknown =>
    assertThrows(() => read(lists), SyntaxError, `Cannot read ann.json: ${message}`);
  refuse({ images: [{}] }, "images[0].id is missing, wanted a whole number or text");
  refuse({ images: [{ id: 1 }, 5] }, "images[1] is 5, wanted an object");
  refuse(
    { images: [{ id: 1 }, { id: "a" }] },
    'images has the ids 1 and "a", wanted numbers or texts throughout',
  );
  refuse({ categories: [{ id: 1 }] }, "categories[0].name is missing, wanted text");
  const wrong = (fields: Record<string, unknown>, message: string): unknown =>
    refuse({ annotations: [annotation, { ...annotation, id: 2, ...fields }] }, `annotations[1].${message}`);
  wrong({ bbox: [1, 2, 3] }, "bbox is [1,2,3], wanted four finite numbers: x, y, width, height");
  wrong({ bbox: undefined }, "bbox is missing, wanted four");
  wrong({ area: "9" }, 'area is "9", wanted a finite number');
  wrong({ iscrowd: 2 }, "iscrowd is 2, wanted 0 or 1");
  wrong({ iscrowd: "0" }, 'iscrowd is "0", wanted 0 or 1');
  wrong({ id: 1.5 }, "id is 1.5, wanted a whole number or text");
});

Deno.test("cocoGroundTruth() refuses ids that are unknown or there twice, and negative sizes", () => {
  const refuse = (lists: Partial<CocoLists>, message: string): unknown =>
    assertThrows(() => read(lists), RangeError, `Cannot read ann.json: ${message}`);
  const twice = "wanted an id of its own";
  refuse(
    { images: [{ id: 7 }, { id: 2 }, { id: 7 }] },
    `images[2].id is 7, ${twice}: images[0] has this one`,
  );
  refuse({ categories: [...categories, categories[1]] }, `categories[2].id is 4, ${twice}: categories[1]`);
  refuse({ annotations: [annotation, annotation] }, `annotations[1].id is 1, ${twice}: annotations[0]`);
  refuse(
    { images: [{ id: 2 }] },
    "annotations[0].image_id is 7, wanted the id of one of the 1 images of ann.json, such as 2",
  );
  refuse(
    { annotations: [{ ...annotation, bbox: [5, 5, -1, 2] }] },
    "annotations[0].bbox is [5,5,-1,2], wanted a width and height of at least 0",
  );
});

Deno.test("cocoDetections() names what it cannot read or does not know", () => {
  const refuse = (
    kind: typeof SyntaxError | typeof RangeError,
    fields: Record<string, unknown>,
    message: string,
  ): unknown =>
    assertThrows(
      () => detections(result, { ...result, ...fields }),
      kind,
      `Cannot read det.json: results[1].${message}`,
    );
  refuse(
    RangeError,
    { image_id: 3 },
    "image_id is 3, wanted the id of one of the 2 images of ann.json, such as 2",
  );
  refuse(SyntaxError, { image_id: undefined }, "image_id is missing, wanted the id of one");
  refuse(RangeError, { image_id: "2" }, 'image_id is "2", wanted');
  refuse(
    RangeError,
    { category_id: 1 },
    "category_id is 1, wanted the id of one of the 2 categories of ann.json",
  );
  refuse(SyntaxError, { score: "1" }, 'score is "1", wanted a finite number');
  refuse(SyntaxError, { score: undefined }, "score is missing, wanted a finite number");
  refuse(SyntaxError, { bbox: [0, 0, null, 1] }, "bbox is [0,0,null,1], wanted four finite numbers");
  refuse(RangeError, { bbox: [0, 0, 1, -1] }, "bbox is [0,0,1,-1], wanted a width and height of at least 0");
  assertEquals(detections().scores.length, 0);
});
