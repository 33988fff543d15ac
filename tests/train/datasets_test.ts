import { assertEquals } from "@std/assert";
import type { DetectionSet } from "../../lib/data/sample.ts";
import { sampleList } from "../../lib/data/sample_list.ts";
import { openClassificationData, openDetectionData, retrainingSet } from "../../lib/train/datasets.ts";
import { tinyConfig, tinyDetectionSet } from "../helpers/tiny_data.ts";

Deno.test("the generated sets have the config's sizes, and no image is in two splits", async () => {
  const { train, val, test } = await openDetectionData(tinyConfig);
  assertEquals([train, val, test].map(({ samples }) => samples.length), [24, 8, 8]);
  const labels = await openClassificationData(tinyConfig);
  assertEquals([labels.train, labels.val].map(({ samples }) => samples.length), [160, 40]);
  const ids = [train, val, test].flatMap(({ samples }) => [...samples].map(({ id }) => id));
  assertEquals(new Set(ids).size, 40);
});

Deno.test("retrainingSet() holds the training and the search split, each image under an id of its own", () => {
  // COCO files may number the images of each split anew.
  const numbered = (set: DetectionSet): DetectionSet => ({
    ...set,
    samples: sampleList(set.samples.length, (i) => ({ ...set.samples.at(i), id: String(i) })),
    skipped: [{ file: `${set.name}.json`, reason: "no area" }],
  });
  const [train, val] = ["train", "val"].map((split) => numbered(tinyDetectionSet(split, 3)));
  const both = retrainingSet({ train, val });
  assertEquals(
    Array.from(both.samples, ({ source }) => source),
    [...train.samples, ...val.samples].map((it) => it.source),
  );
  assertEquals(new Set([...both.samples].map(({ id }) => id)).size, 6);
  assertEquals(both.skipped.map(({ file }) => file), ["train.json", "val.json"]);
});
