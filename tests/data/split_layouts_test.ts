import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type DetectionFolder, openDetectionFolder } from "../../lib/data/open_folder.ts";
import type { DetectionSet } from "../../lib/data/sample.ts";
import { vocXml, withTree } from "./temp_tree.ts";

/** One annotation file: which image ids, and in which folder their images are. */
interface CocoPart {
  readonly ids: readonly number[];
  readonly folder: string;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** A COCO tree; each image has one cell. */
function coco(parts: Readonly<Record<string, CocoPart>>): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, { ids, folder }] of Object.entries(parts)) {
    const images = ids.map((id) => ({ id, file_name: `${id}.jpg`, width: 9, height: 9 }));
    const annotations = ids.map((id) => ({ id, image_id: id, category_id: 1, bbox: [1, 1, 2, 2] }));
    const categories = [{ id: 1, name: "cell" }];
    files[`annotations/instances_${name}.json`] = JSON.stringify({ images, annotations, categories });
    for (const id of ids) files[`${folder}/${id}.jpg`] = "";
  }
  return files;
}

/** VOC trees: their split files; images with even ids are difficult. */
function voc(
  trees: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>,
): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [tree, lists] of Object.entries(trees)) {
    for (const [list, ids] of Object.entries(lists)) {
      files[`${tree}ImageSets/Main/${list}.txt`] = ids.join("\n");
      for (const id of ids) {
        const objects = [{ name: "cell", box: [1, 1, 9, 9], difficult: `${1 - id % 2}` }];
        files[`${tree}Annotations/${id}.xml`] = vocXml({ objects });
        files[`${tree}JPEGImages/${id}.jpg`] = "";
      }
    }
  }
  return files;
}

function idsOf({ samples }: DetectionSet): string[] {
  return Array.from(samples, ({ id }) => id);
}

/** What follows the last slash of the ids, as joined splits put their names before them; ascending. */
function imagesOf(...sets: DetectionSet[]): number[] {
  return sets.flatMap(idsOf).map((id) => Number(id.replace(/^.*\//, ""))).sort((a, b) => a - b);
}

function sizes({ train, val, test }: DetectionFolder): number[] {
  return [train, val, test].map(({ samples }) => samples.length);
}

const train2014 = { ids: numbers(0, 20), folder: "train2014" };
const val2014 = { ids: numbers(100, 112), folder: "val2014" };
const minival2014 = { ids: [103, 107], folder: "val2014" };

Deno.test("COCO 2014: the authors' files give train + valminusminival against minival", () => {
  const rest = val2014.ids.filter((id) => !minival2014.ids.includes(id));
  const parts = { train2014, val2014, minival2014, valminusminival2014: { ids: rest, folder: "val2014" } };
  return withTree(coco(parts), async (folder) => {
    const opened = await openDetectionFolder(folder, { searchImages: 6 });
    assertEquals([opened.test.name, imagesOf(opened.test)], ["minival2014", [103, 107]]);
    assertEquals(sizes(opened), [24, 6, 2]);
    assertEquals(imagesOf(opened.train, opened.val), [...train2014.ids, ...rest]);
    assertEquals(new Set([...idsOf(opened.train), ...idsOf(opened.val)]).size, 30);
    assertStringIncludes(opened.notes[0], "scored on 6 images cut from train2014 and valminusminival2014");
    assertEquals(
      opened.notes[1],
      "There is no annotated test split: the reported numbers come from minival2014.",
    );
  });
});

Deno.test("COCO 2014: the rest of val2014 is trained on without a file of its own", () =>
  withTree(coco({ train2014, val2014, minival2014 }), async (folder) => {
    const { train, val, test } = await openDetectionFolder(folder);
    assertEquals(imagesOf(test), [103, 107]);
    assertEquals(imagesOf(train, val).length, 30);
    assert(!imagesOf(train, val).some((id) => minival2014.ids.includes(id)));
  }));

Deno.test("COCO 2014: without any of val2014 but the minival, that is said", () =>
  withTree(coco({ train2014, minival2014 }), async (folder) => {
    const opened = await openDetectionFolder(folder);
    assertEquals(imagesOf(opened.train, opened.val), train2014.ids);
    assertStringIncludes(opened.notes[1], "only train2014 is trained on");
  }));

Deno.test("COCO 2014: val2017's ids are the minival where there is no list of it", () =>
  withTree(
    { ...coco({ train2014, val2014, val2017: { ids: [101, 111], folder: "elsewhere" } }) },
    async (folder) => {
      const opened = await openDetectionFolder(folder);
      assertEquals(imagesOf(opened.test), [101, 111]);
      assertEquals((await Array.fromAsync(opened.test.samples))[0].source, {
        file: `${folder}/val2014/101.jpg`,
      });
      assertEquals(imagesOf(opened.train, opened.val).length, 30);
      assertStringIncludes(opened.notes[1], "the images of val2014 that val2017 has");
    },
  ));

Deno.test("COCO 2014: a small val2014 is reported on as a whole", () =>
  withTree(coco({ train2014, val2014 }), async (folder) => {
    const opened = await openDetectionFolder(folder);
    assertEquals(sizes(opened), [18, 2, 12]);
    assertStringIncludes(opened.notes[1], "the reported numbers come from all 12 images of val2014");
  }));

Deno.test("COCO 2014: without a list, a drawn minival of 5,000 is reported on, and that is said", async () => {
  const ids = numbers(1000, 6010);
  const { test, train, val, notes } = await withAnnotations(
    coco({ train2014, val2014: { ids, folder: "val2014" } }),
  );
  assertEquals([test.samples.length, train.samples.length + val.samples.length], [5000, 30]);
  assertEquals(imagesOf(train, val, test), [...train2014.ids, ...ids]);
  assertStringIncludes(notes[1], "5000 images of val2014 by a fixed draw, not the authors' list");
});

/** Opens a tree of many images. */
async function withAnnotations(files: Record<string, string>): Promise<DetectionFolder> {
  const opened: DetectionFolder[] = [];
  await withTree(files, async (folder) => {
    opened.push(await openDetectionFolder(folder, { searchImages: 3 }));
  });
  return opened[0];
}

Deno.test("COCO 2017: searchImages are cut from train2017, by a draw of their own, in the order of the file", () => {
  const parts = {
    train2017: { ids: numbers(0, 40), folder: "images/train2017" },
    val2017: { ids: numbers(50, 55), folder: "images/val2017" },
  };
  return withTree(coco(parts), async (folder) => {
    const opened = await openDetectionFolder(folder, { searchImages: 7 });
    assertEquals(sizes(opened), [33, 7, 5]);
    assertEquals(imagesOf(opened.train, opened.val), numbers(0, 40));
    assertEquals(idsOf(opened.val).map(Number), imagesOf(opened.val));
    assertEquals(opened.train.samples.at(0).source, {
      file: `${folder}/images/train2017/${idsOf(opened.train)[0]}.jpg`,
    });
    assertEquals(idsOf((await openDetectionFolder(folder, { searchImages: 7 })).val), idsOf(opened.val));
    assertEquals(sizes(await openDetectionFolder(folder)), [36, 4, 5]);
    await assertRejects(
      () => openDetectionFolder(folder, { searchImages: 40 }),
      RangeError,
      "Cannot cut a search split from train2017: it has 40 images, wanted more than the 40 of detectionData.searchImages",
    );
    await Deno.rename(`${folder}/images/val2017`, `${folder}/images/val`);
    await assertRejects(
      () => openDetectionFolder(folder),
      Deno.errors.NotFound,
      `its image folder is missing, looked for ${folder}/val2017 and ${folder}/images/val2017`,
    );
  });
});

Deno.test("searchImages trades a split val for images cut from train and val together", () => {
  const parts = {
    train: { ids: numbers(0, 10), folder: "train" },
    val: { ids: numbers(20, 25), folder: "val" },
    test: { ids: numbers(30, 32), folder: "test" },
  };
  return withTree(coco(parts), async (folder) => {
    assertEquals(sizes(await openDetectionFolder(folder)), [10, 5, 2]);
    const opened = await openDetectionFolder(folder, { searchImages: 4 });
    assertEquals(sizes(opened), [11, 4, 2]);
    assertEquals(imagesOf(opened.train, opened.val), [...numbers(0, 10), ...numbers(20, 25)]);
  });
});

const years = {
  "VOC2007/": { train: [1, 2], val: [3], trainval: [1, 2, 3], test: [5, 6] },
  "VOC2012/": { train: [1, 7], val: [8, 9], trainval: [1, 7, 8, 9] },
};

Deno.test("VOC 2007 + 2012: both years' trainval against 2007's test, ids unique over the years", () =>
  withTree(voc(years), async (folder) => {
    const opened = await openDetectionFolder(folder, { searchImages: 2 });
    assertEquals(idsOf(opened.test), ["VOC2007/5", "VOC2007/6"]);
    assertEquals(sizes(opened), [5, 2, 2]);
    assertEquals([...idsOf(opened.train), ...idsOf(opened.val)].sort(), [
      ..."123".split("").map((id) => `VOC2007/${id}`),
      ..."1789".split("").map((id) => `VOC2012/${id}`),
    ]);
    assertStringIncludes(opened.notes[0], "cut from VOC2007/trainval and VOC2012/trainval");
    const difficult = Array.from(opened.test.samples, ({ annotations }) => annotations[0].isDifficult);
    assertEquals(difficult, [false, true]);
    assertEquals(opened.test.samples.at(0).source, { file: `${folder}/VOC2007/JPEGImages/5.jpg` });
  }));

Deno.test("VOC 2007 + 2012: the years' own val is searched on where no number is asked for", () =>
  withTree(voc(years), async (folder) => {
    const opened = await openDetectionFolder(folder);
    assertEquals([opened.train, opened.val].map(idsOf), [
      ["VOC2007/1", "VOC2007/2", "VOC2012/1", "VOC2012/7"],
      ["VOC2007/3", "VOC2012/8", "VOC2012/9"],
    ]);
    assertEquals(opened.notes, []);
  }));

Deno.test("VOC: the years are found inside VOCdevkit, and a single one is read by itself", () =>
  withTree(
    {
      ...voc({ "both/VOCdevkit/VOC2007/": years["VOC2007/"], "both/VOCdevkit/VOC2012/": years["VOC2012/"] }),
      ...voc({ "one/VOCdevkit/VOC2012/": years["VOC2012/"], "none/VOC2012/": { train: [1] } }),
    },
    async (folder) => {
      const both = await openDetectionFolder(`${folder}/both`, { searchImages: 2 });
      assertEquals(idsOf(both.test), ["VOCdevkit/VOC2007/5", "VOCdevkit/VOC2007/6"]);
      const one = await openDetectionFolder(`${folder}/one`);
      assertEquals([one.test.name, imagesOf(one.test), imagesOf(one.train, one.val)], ["val", [8, 9], [
        1,
        7,
      ]]);
      await assertRejects(
        () => openDetectionFolder(`${folder}/none`),
        Deno.errors.NotFound,
        "as Pascal VOC: its splits are train, wanted train and at least one of val and test",
      );
    },
  ));
