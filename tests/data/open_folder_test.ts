import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openDetectionFolder } from "../../lib/data/open_folder.ts";
import type { DetectionSet } from "../../lib/data/sample.ts";
import { vocXml, withTree } from "./temp_tree.ts";

const { NotFound } = Deno.errors;

/** A VOC tree whose splits hold the given ids, each image with one cell. */
function vocTree(splits: Record<string, readonly number[]>): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [split, ids] of Object.entries(splits)) {
    files[`ImageSets/Main/${split}.txt`] = ids.join("\n");
    for (const id of ids) {
      files[`Annotations/${id}.xml`] = vocXml({
        objects: [{ name: "cell", box: [1, 1, 9, id === 3 ? 1 : 99] }],
      });
      files[`JPEGImages/${id}.jpg`] = "";
    }
  }
  return files;
}

/** A COCO tree whose splits hold so many images each. */
function cocoTree(
  splits: Record<string, number>,
  names: Record<string, string> = {},
): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [split, count] of Object.entries(splits)) {
    const images = Array.from(
      { length: count },
      (_, id) => ({ id, file_name: `${id}.jpg`, width: 4, height: 4 }),
    );
    const categories = [{ id: 1, name: names[split] ?? "cell" }];
    files[`annotations/instances_${split}.json`] = JSON.stringify({ images, annotations: [], categories });
    for (const { file_name } of images) files[`${split}/${file_name}`] = "";
  }
  return files;
}

function idsOf({ samples }: DetectionSet): string[] {
  return [...samples].map(({ id }) => id);
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

Deno.test("openDetectionFolder() takes VOC's three splits as they are and gathers what was skipped", () =>
  withTree(vocTree({ train: [1, 2, 3], val: [4], test: [5], trainval: [1, 2, 3, 4] }), async (folder) => {
    const opened = await openDetectionFolder(folder);
    assertEquals(opened.layout, "voc");
    assertEquals([opened.train, opened.val, opened.test].map(idsOf), [["1", "2", "3"], ["4"], ["5"]]);
    assertEquals(opened.skipped.map(({ file }) => file), ["Annotations/3.xml"]);
    assertEquals(opened.notes, ["4 boxes reached past their image's border and were clipped."]);
  }));

Deno.test("openDetectionFolder() cuts a search split off train when VOC has no test split", () =>
  withTree(vocTree({ train: numbers(10, 30), val: [4, 5] }), async (folder) => {
    const opened = await openDetectionFolder(folder);
    assertEquals(idsOf(opened.test), ["4", "5"]);
    assertEquals([opened.train.samples.length, opened.val.samples.length], [18, 2]);
    assertEquals([...idsOf(opened.train), ...idsOf(opened.val)].sort(), numbers(10, 30).map(String));
    assertEquals(idsOf((await openDetectionFolder(folder)).val), idsOf(opened.val));
    assertStringIncludes(opened.notes[0], "The search is scored on 2 images cut from train by a fixed draw");
    assertStringIncludes(
      opened.notes[1],
      "There is no annotated test split: the reported numbers come from val.",
    );
  }));

Deno.test("openDetectionFolder() lets trainval stand in for train, and a tenth of it for val", () =>
  withTree(vocTree({ trainval: numbers(10, 20), val: [10], test: [5] }), async (folder) => {
    const opened = await openDetectionFolder(folder);
    assertEquals(idsOf(opened.test), ["5"]);
    assertEquals([opened.train.samples.length, opened.val.samples.length], [9, 1]);
  }));

Deno.test("openDetectionFolder() opens COCO: search split from train, reported split val", () =>
  withTree(cocoTree({ train2017: 20, val2017: 2 }), async (folder) => {
    const opened = await openDetectionFolder(folder);
    assertEquals(opened.layout, "coco");
    assertEquals([opened.train, opened.val, opened.test].map(({ samples }) => samples.length), [18, 2, 2]);
    assert(!idsOf(opened.val).some((id) => idsOf(opened.train).includes(id)));
    assertEquals([opened.train.name, opened.val.name, opened.test.name], [
      "train2017",
      "train2017 (search)",
      "val2017",
    ]);
  }));

Deno.test("openDetectionFolder() uses an annotated COCO test split where there is one", () =>
  withTree(cocoTree({ train: 2, val: 2, test: 1 }), async (folder) => {
    const { val, test, notes } = await openDetectionFolder(folder);
    assertEquals([val.name, test.name, notes.length], ["val", "test", 0]);
  }));

Deno.test("openDetectionFolder() says what it looked for", () =>
  withTree({
    "none/a.jpg": "",
    "empty/annotations/captions_train.json": "{}",
    ...prefixed("solo", vocTree({ train: [1] })),
    ...prefixed("overlap", vocTree({ train: [1, 2], val: [4], test: [2] })),
    ...prefixed("two", cocoTree({ train2014: 1, train2017: 1, val: 1 })),
    ...prefixed("classes", cocoTree({ train: 2, val: 1 }, { val: "nucleus" })),
    ...prefixed("one", cocoTree({ train: 1, val: 1 })),
  }, async (folder) => {
    const open = (name: string) => (): Promise<unknown> => openDetectionFolder(`${folder}/${name}`);
    await assertRejects(open("missing"), NotFound, `${folder}/missing: no such folder`);
    await assertRejects(
      open("none"),
      NotFound,
      "neither Pascal VOC's layout (looked for ImageSets/Main/<split>.txt",
    );
    await assertRejects(open("empty"), NotFound, "nor COCO's (looked for annotations/instances_<split>.json");
    await assertRejects(
      open("solo"),
      NotFound,
      "as Pascal VOC: its splits are train, wanted train and at least one of",
    );
    await assertRejects(
      open("overlap"),
      RangeError,
      `splits train and test: both hold ${folder}/overlap/JPEGImages/2.jpg`,
    );
    await assertRejects(
      open("two"),
      RangeError,
      "it has the train splits train2014 and train2017, wanted one",
    );
    await assertRejects(
      open("classes"),
      RangeError,
      "instances_val.json: its categories are nucleus, wanted those of train",
    );
    await assertRejects(open("one"), RangeError, "Cannot cut a search split from train: it has 1 image");
  }));

function prefixed(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));
}
