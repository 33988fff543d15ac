import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { IndexStore } from "../../lib/data/data_index.ts";
import { openImageFolder } from "../../lib/data/image_folder.ts";
import { type DetectionFolder, openDetectionFolder } from "../../lib/data/open_folder.ts";
import { age, unnoticed, vocXml, withTree } from "./temp_tree.ts";

/** Images of 20 classes, and two to validate on. */
function imageTree(count = 40): Record<string, string> {
  const files: Record<string, string> = { "data/val/class 00/é.jpg": "", "data/val/class 03/b.png": "" };
  for (let i = 0; i < count; i++) files[`data/train/class ${String(i % 20).padStart(2, "0")}/${i}.JPEG`] = "";
  return files;
}

/** A COCO tree of two splits, one image each, with one cell. */
function cocoTree(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const split of ["train2017", "val2017"]) {
    const images = [0, 1].map((id) => ({ id, file_name: `${id}.jpg`, width: 40, height: 30 }));
    const annotations = [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 2, 3, 4] }];
    const categories = [{ id: 1, name: "cell" }];
    files[`data/annotations/instances_${split}.json`] = JSON.stringify({ images, annotations, categories });
    for (const { file_name } of images) files[`data/${split}/${file_name}`] = "";
  }
  return files;
}

function vocTree(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [split, id] of [["train", "1"], ["val", "2"], ["test", "3"]]) {
    files[`data/ImageSets/Main/${split}.txt`] = id;
    files[`data/Annotations/${id}.xml`] = vocXml({ objects: [{ name: "cell", box: [1, 1, 9, 9] }] });
    files[`data/JPEGImages/${id}.jpg`] = "";
  }
  return files;
}

async function withData(
  files: Record<string, string>,
  test: (data: string, store: IndexStore) => Promise<void>,
): Promise<void> {
  await withTree(files, async (folder) => {
    await age(`${folder}/data`);
    await test(`${folder}/data`, { dir: `${folder}/cache/indexes`, canWrite: true });
  });
}

async function imagesIn(
  data: string,
  store: IndexStore | null,
): Promise<{ id: string; classIndex: number }[]> {
  const { train, val } = await openImageFolder(data, store);
  return [...train.samples, ...val.samples].map(({ id, classIndex }) => ({ id, classIndex }));
}

function boxesIn({ train, val, test }: DetectionFolder): unknown[] {
  return [train, val, test].map(({ samples }) =>
    [...samples].map(({ id, annotations }) => [id, annotations])
  );
}

Deno.test("an image folder's index gives what the folder gives, without listing it again", () =>
  withData(imageTree(3000), async (data, store) => {
    const listed = await imagesIn(data, null);
    assertEquals(listed.length, 3002);
    assertEquals(listed.slice(-2), [{ id: "val/class 00/é.jpg", classIndex: 0 }, {
      id: "val/class 03/b.png",
      classIndex: 3,
    }]);
    assertEquals(await imagesIn(data, store), listed);
    await unnoticed(`${data}/train/class 07`, () => Deno.remove(`${data}/train/class 07/7.JPEG`));
    assertEquals(await imagesIn(data, store), listed);
  }));

Deno.test("an image folder's index follows each change of the folder", () =>
  withData(imageTree(), async (data, store) => {
    const listed = await imagesIn(data, store);
    await Deno.remove(`${data}/train/class 07/7.JPEG`);
    assertEquals((await imagesIn(data, store)).length, listed.length - 1);
    await Deno.writeTextFile(`${data}/train/class 07/7.JPEG`, "");
    assertEquals(await imagesIn(data, store), listed);
    await Deno.rename(`${data}/val/class 03`, `${data}/val/class 04`);
    assertEquals((await imagesIn(data, store)).at(-1), { id: "val/class 04/b.png", classIndex: 4 });
    await Deno.mkdir(`${data}/val/class 30`);
    await assertRejects(() => imagesIn(data, store), RangeError, `class "class 30" is not in ${data}/train`);
  }));

Deno.test("an index does not trust what changed just before it was made", () =>
  withData(imageTree(), async (data, store) => {
    await Deno.writeTextFile(`${data}/train/class 07/new.jpg`, "");
    assertEquals((await imagesIn(data, store)).length, 43);
    await unnoticed(`${data}/train/class 07`, () => Deno.remove(`${data}/train/class 07/new.jpg`));
    assertEquals((await imagesIn(data, store)).length, 42);
  }));

Deno.test("an index that is damaged is made again", () =>
  withData(imageTree(), async (data, store) => {
    const listed = await imagesIn(data, store);
    const { version } = await openImageFolder(data, store);
    const [name] = await Array.fromAsync(Deno.readDir(store.dir), ({ name }) => name);
    const whole = await Deno.readFile(`${store.dir}/${name}`);
    const flipped = whole.slice();
    flipped[whole.length >> 1] ^= 1;
    for (const damaged of [flipped, whole.subarray(0, 1000), whole.subarray(0, 3), new Uint8Array()]) {
      await Deno.writeFile(`${store.dir}/${name}`, damaged);
      assertEquals(await imagesIn(data, store), listed);
      assertEquals(await Deno.readFile(`${store.dir}/${name}`), whole);
    }
    assertEquals((await openImageFolder(data, store)).version, version);
  }));

Deno.test("a process that may not write uses an index, and makes a stale one in memory", () =>
  withData(imageTree(), async (data, store) => {
    const reader = { ...store, canWrite: false };
    assertEquals((await openImageFolder(data, reader)).version, null);
    await assertRejects(() => Deno.stat(store.dir), Deno.errors.NotFound);
    const { version } = await openImageFolder(data, store);
    assertNotEquals(version, null);
    assertEquals((await openImageFolder(data, reader)).version, version);
    await Deno.remove(`${data}/train/class 07/7.JPEG`);
    assertEquals((await imagesIn(data, reader)).length, 41);
    assertEquals((await openImageFolder(data, reader)).version, null);
  }));

Deno.test("an index that can't be written is an error that names the file", () =>
  withData({ ...imageTree(), "file": "" }, async (data) => {
    const store = { dir: data.replace(/data$/, "file"), canWrite: true };
    await assertRejects(() => openImageFolder(data, store), Error, `Cannot write ${store.dir}/`);
  }));

Deno.test("COCO's index is used while annotations and image folder are unchanged", () =>
  withData(cocoTree(), async (data, store) => {
    const file = `${data}/annotations/instances_train2017.json`;
    const read = boxesIn(await openDetectionFolder(data));
    const first = await openDetectionFolder(data, { store });
    assertEquals(boxesIn(first), read);
    const text = await Deno.readTextFile(file);
    const changed = text.replace('"bbox":[1,2,3,4]', '"bbox":[1,2,3,5]');
    assertNotEquals(changed, text);
    await unnoticed(file, () => Deno.writeTextFile(file, changed));
    const second = await openDetectionFolder(data, { store });
    assertEquals([boxesIn(second), second.version], [read, first.version]);
    await Deno.writeTextFile(file, changed);
    const third = await openDetectionFolder(data, { store });
    assertNotEquals(boxesIn(third), read);
    assertEquals(boxesIn(third), boxesIn(await openDetectionFolder(data)));
    await Deno.remove(`${data}/train2017/1.jpg`);
    await assertRejects(
      () => openDetectionFolder(data, { store }),
      Deno.errors.NotFound,
      `images[1].file_name "1.jpg": there is no file ${data}/train2017/1.jpg`,
    );
  }));

Deno.test("VOC's index notices an annotation that is corrected in place, and an image that goes", () =>
  withData(vocTree(), async (data, store) => {
    const first = await openDetectionFolder(data, { store });
    assertEquals(boxesIn(await openDetectionFolder(data, { store })), boxesIn(first));
    const index = await Array.fromAsync(Deno.readDir(store.dir), ({ name }) => `${store.dir}/${name}`);
    const made = (await Deno.stat(index[0])).mtime;
    await openDetectionFolder(data, { store });
    assertEquals((await Deno.stat(index[0])).mtime, made);
    const xml = vocXml({ objects: [{ name: "cell", box: [1, 1, 8, 8] }] });
    await Deno.writeTextFile(`${data}/Annotations/2.xml`, xml);
    const { val } = await openDetectionFolder(data, { store });
    assertEquals(val.samples.at(0).annotations[0].boxXyxy, [0, 0, 8, 8]);
    await Deno.remove(`${data}/JPEGImages/3.jpg`);
    await assertRejects(
      () => openDetectionFolder(data, { store }),
      Deno.errors.NotFound,
      "its image is missing",
    );
  }));

Deno.test("a large COCO file gives what a plain reading of its JSON gives", () =>
  withTree(largeCoco(), async (folder) => {
    const { train, test } = await openDetectionFolder(folder, { searchImages: 500 });
    assertEquals([train.samples.length, test.samples.length], [2500, 3]);
    const { annotations } = JSON.parse(
      await Deno.readTextFile(`${folder}/annotations/instances_train.json`),
    ) as { annotations: { image_id: number; bbox: number[]; iscrowd: number; area: number }[] };
    const wanted = Map.groupBy(annotations, ({ image_id }) => `${image_id}`);
    for (const { id, annotations } of train.samples) {
      const found = annotations.map(({ boxXyxy: [x1, y1], areaPx, isCrowd }) => [x1, y1, areaPx, isCrowd]);
      assertEquals(
        found,
        (wanted.get(id) ?? []).map(({ bbox, area, iscrowd }) => [bbox[0], bbox[1], area, iscrowd === 1]),
      );
    }
    assert(train.samples.at(0) !== train.samples.at(0), "samples are made anew");
  }));

function largeCoco(): Record<string, string> {
  const images = Array.from({ length: 3000 }, (_, i) => {
    return { id: 7 * i + 1, file_name: `${i}.jpg`, width: 640, height: 480 };
  });
  const annotations = Array.from({ length: 9000 }, (_, i) => ({
    segmentation: i % 9 === 0 ? { counts: 'a\\]}"', size: [1, 2] } : [[i, i + 0.5, 3]],
    id: 900100000000 + i,
    image_id: 7 * (i * 31 % 3000) + 1,
    category_id: 1 + i % 3,
    iscrowd: i % 9 === 0 ? 1 : 0,
    area: i / 3,
    bbox: [i % 600 + 0.25, i % 400 + 0.11, 7.3, 8.9],
  }));
  const categories = [1, 2, 3].map((id) => ({ id, name: `class ${id}` }));
  const files: Record<string, string> = {};
  for (const [split, used] of [["train", images], ["val", images.slice(0, 3)]] as const) {
    const content = { info: {}, images: used, annotations: split === "val" ? [] : annotations, categories };
    files[`annotations/instances_${split}.json`] = JSON.stringify(content);
    for (const { file_name } of used) files[`${split}/${file_name}`] = "";
  }
  return files;
}
