import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { DetectionSet } from "../../lib/data/sample.ts";
import { sampleList } from "../../lib/data/sample_list.ts";
import {
  DataSets,
  imagesOf,
  openClassificationData,
  openDetectionData,
  retrainingSet,
} from "../../lib/train/datasets.ts";
import { age, vocXml, withTree } from "../data/temp_tree.ts";
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

/** A VOC folder of ten training images and two to report on. */
function vocTree(): Record<string, string> {
  const files: Record<string, string> = {};
  for (let i = 0; i < 12; i++) {
    files[`data/Annotations/${i}.xml`] = vocXml({ objects: [{ name: "cell", box: [1, 1, 9, 9] }] });
    files[`data/JPEGImages/${i}.jpg`] = "";
  }
  files["data/ImageSets/Main/train.txt"] = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9";
  files["data/ImageSets/Main/test.txt"] = "10\n11";
  return files;
}

Deno.test("DataSets opens each set once, tries again what failed, and lets the config say how much is searched on", () =>
  withTree(vocTree(), async (folder) => {
    await age(`${folder}/data`);
    const config = (searchImages: number): typeof tinyConfig => {
      return { ...tinyConfig, detectionData: { kind: "folder", path: `${folder}/data`, searchImages } };
    };
    const sets = new DataSets({ dir: `${folder}/cache`, canWrite: true });
    await assertRejects(() => sets.detection(config(10)), RangeError, "it has 10 images");
    const opened = await sets.detection(config(3));
    assert(await sets.detection(config(3)) === opened);
    assert(await sets.classification(tinyConfig) === await sets.classification(tinyConfig));
    assertEquals([opened.train.samples.length, opened.val.samples.length, opened.layout], [7, 3, "voc"]);
    assertEquals((await sets.detection(config(4))).val.samples.length, 4);
    await Deno.rename(`${folder}/data`, `${folder}/moved`);
    await assertRejects(() => sets.detection(config(5)), Deno.errors.NotFound, "no such folder");
    await Deno.rename(`${folder}/moved`, `${folder}/data`);
    assertEquals((await sets.detection(config(5))).val.samples.length, 5);
  }));

Deno.test("imagesOf() has the images of all sets, under one name of their content", () =>
  withTree(vocTree(), async (folder) => {
    await age(`${folder}/data`);
    const config = {
      ...tinyConfig,
      detectionData: { kind: "folder", path: `${folder}/data`, searchImages: 3 },
    } as const;
    const sets = new DataSets({ dir: `${folder}/cache`, canWrite: true });
    const both = imagesOf(await sets.classification(config), await sets.detection(config));
    assertEquals(both.sets.map(({ samples }) => samples.length), [7, 3, 2, 160, 40]);
    const alone = imagesOf(null, await sets.detection(config));
    assertEquals(alone.sets.length, 3);
    assertNotEquals(alone.version, null);
    assertEquals(imagesOf(null, await new DataSets(null).detection(config)).version, null);
  }));
