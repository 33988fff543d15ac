import { assertEquals, assertRejects } from "@std/assert";
import { readCoco } from "../../lib/data/coco.ts";
import { type CocoInstances, readCocoInstances } from "../../lib/data/coco_instances.ts";
import { openDataFolder } from "../../lib/data/data_folder.ts";
import type { DetectionSplit } from "../../lib/data/detection_split.ts";
import { withTree } from "./temp_tree.ts";

const image = { id: 7, file_name: "a.png", width: 40, height: 30 };
const annotation = { id: 1, image_id: 7, category_id: 18, bbox: [2, 3, 10, 5], iscrowd: 0, area: 33.5 };
const categories = [{ id: 90, name: "toothbrush" }, { id: 18, name: "dog" }];

function instances(change: Record<string, unknown> = {}): string {
  return JSON.stringify({ images: [image], annotations: [annotation], categories, ...change });
}

async function read(folder: string): Promise<DetectionSplit> {
  return (await readCoco(await openDataFolder(folder), "val2017")).split("val2017");
}

/** The file's bytes, cut anywhere. */
async function* chunksOf(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
}

async function parse(text: string, size?: number): Promise<CocoInstances> {
  return await readCocoInstances(chunksOf(text, size), file);
}

const file = "annotations/instances_val2017.json";

Deno.test("readCoco() maps category ids in their order and keeps crowds and mask areas", () =>
  withTree({
    [file]: instances({
      annotations: [
        annotation,
        { id: 2, image_id: 7, category_id: 90, bbox: [30, 20, 20, 5], iscrowd: 1 },
        { id: 3, image_id: 7, category_id: 90, bbox: [4, 4, 0, 5], iscrowd: 0 },
        { id: 4, image_id: 7, category_id: 90, bbox: [40, 4, 9, 5], iscrowd: 0 },
      ],
    }),
    "val2017/a.png": "",
  }, async (folder) => {
    const val = await read(folder);
    assertEquals(val.classes, ["dog", "toothbrush"]);
    assertEquals([...val.samples], [{
      id: "7",
      source: { file: `${folder}/val2017/a.png` },
      widthPx: 40,
      heightPx: 30,
      annotations: [
        { boxXyxy: [2, 3, 12, 8], classIndex: 0, isCrowd: false, isDifficult: false, areaPx: 33.5 },
        { boxXyxy: [30, 20, 40, 25], classIndex: 1, isCrowd: true, isDifficult: false, areaPx: 50 },
      ],
    }]);
    assertEquals(val.clippedCount, 1);
    assertEquals(val.skipped, [
      { file, reason: "annotation 3 (image 7): bbox 4,4,0,5 has no area inside the image of 40 x 30" },
      { file, reason: "annotation 4 (image 7): bbox 40,4,9,5 has no area inside the image of 40 x 30" },
    ]);
  }));

Deno.test("readCoco() names a missing image and a link out of the folder", () =>
  withTree({ "outside.png": "", [`set/${file}`]: instances(), "set/val2017/b.png": "" }, async (folder) => {
    const where = `${file}: images[0].file_name "a.png"`;
    const missing = `Cannot use ${where}: there is no file ${folder}/set/val2017/a.png`;
    await assertRejects(() => read(`${folder}/set`), Deno.errors.NotFound, missing);
    await Deno.symlink(`${folder}/outside.png`, `${folder}/set/val2017/a.png`);
    await assertRejects(() => read(`${folder}/set`), RangeError, "a link leads out of the data folder to");
  }));

Deno.test("readCocoInstances() gives the same columns however the file comes in", async () => {
  const text = instances({
    info: { description: '\\ " ] } é', "annotations": [1] },
    licenses: [],
    annotations: [{ ...annotation, segmentation: [[1, 2, 3, 4]], area: undefined }],
  });
  const whole = await parse(text, text.length);
  assertEquals(whole.categories, [{ id: 18, name: "dog" }, { id: 90, name: "toothbrush" }]);
  assertEquals([...whole.annotations.boxesXywh], [2, 3, 10, 5]);
  assertEquals([...whole.annotations.areasPx], [NaN]);
  for (const size of [1, 2, 3, 50]) assertEquals(await parse(text, size), whole);
  assertEquals(await parse(JSON.stringify(JSON.parse(text), null, 2)), whole);
});

Deno.test("readCocoInstances() names file, entry, value and what was wanted", async () => {
  const failing = async (text: string, kind: ErrorConstructor, message: string): Promise<void> => {
    await assertRejects(() => parse(text), kind, message);
  };
  const withAnnotation = (change: Record<string, unknown>): string =>
    instances({ annotations: [annotation, { ...annotation, id: 2, ...change }] });
  const withImage = (change: Record<string, unknown>): string =>
    instances({ images: [{ ...image, ...change }] });

  await failing("", SyntaxError, `Cannot parse ${file}: it ends after 0 bytes, inside the top level`);
  await failing("{", SyntaxError, `Cannot parse ${file}: it ends after 1 bytes`);
  await failing("[]", SyntaxError, `${file}: the top level: byte 0 is "[", wanted an object`);
  await failing("{}}", SyntaxError, `${file}: the top level: byte 2 is "}", wanted nothing more`);
  await failing(`{"images" []}`, SyntaxError, `${file}: images: byte 10 is "[", wanted a colon`);
  await failing(`{"images": [{]}`, SyntaxError, `Cannot parse ${file}: images[0]: `);
  await failing(`{"images": [1 2]}`, SyntaxError, `${file}: images[0]: it is 1, wanted an object`);
  await failing(`{"info": [1 2]}`, SyntaxError, `${file}: info[1]: byte 12 is "2", wanted a comma or ]`);
  await failing(`{"info": [1,]}`, SyntaxError, `Cannot parse ${file}: info[1]: `);
  await failing(`{"info": }`, SyntaxError, `Cannot parse ${file}: info: `);
  await failing(`{"info": 1, "info": 2}`, SyntaxError, `${file}: its member "info" is there twice`);
  await failing(`{"images": {}}`, SyntaxError, `${file}: images: it is {}, wanted a list`);
  await failing(
    instances({ images: undefined }),
    SyntaxError,
    `${file}: images: it is missing, wanted a list`,
  );
  await failing(instances({ images: [3] }), SyntaxError, `${file}: images[0]: it is 3, wanted an object`);

  await failing(
    withAnnotation({ bbox: [1, 2, 3] }),
    SyntaxError,
    `${file}: annotations[1].bbox: it is [1,2,3], wanted 4 finite`,
  );
  await failing(
    withAnnotation({ bbox: [1, 2, 3, "4"] }),
    SyntaxError,
    `annotations[1].bbox: it is [1,2,3,"4"], wanted 4 finite`,
  );
  await failing(
    withAnnotation({ bbox: [1, 2, 3, NaN] }),
    SyntaxError,
    `annotations[1].bbox: it is [1,2,3,null], wanted 4 finite`,
  );
  await failing(
    instances().replace('"bbox":[2', '"bbox":[NaN'),
    SyntaxError,
    `Cannot parse ${file}: annotations[0]: Unexpected token 'N'`,
  );
  await failing(
    withAnnotation({ id: 77, bbox: null }),
    SyntaxError,
    "annotations[1].bbox: it is null, wanted 4 finite numbers (annotation 77)",
  );
  await failing(
    withAnnotation({ iscrowd: 2 }),
    SyntaxError,
    "annotations[1].iscrowd: it is 2, wanted 0 or 1",
  );
  await failing(
    withAnnotation({ area: -1 }),
    SyntaxError,
    "annotations[1].area: it is -1, wanted a number of at least 0",
  );
  await failing(
    withAnnotation({ id: 1.5 }),
    SyntaxError,
    "annotations[1].id: it is 1.5, wanted a whole number",
  );
  await failing(withAnnotation({ id: 1 }), RangeError, `${file}: annotations[1].id: 1 is there twice`);
  await failing(
    withAnnotation({ image_id: 8 }),
    RangeError,
    "annotations[1].image_id: 8 is not the id of an entry of images (annotation 2)",
  );
  await failing(
    withAnnotation({ category_id: 1 }),
    RangeError,
    "annotations[1].category_id: 1 is not the id of an entry of categories",
  );

  await failing(
    withImage({ width: 0 }),
    SyntaxError,
    "images[0].width: it is 0, wanted a whole number above 0",
  );
  await failing(withImage({ file_name: 1 }), SyntaxError, "images[0].file_name: it is 1, wanted a text");
  await failing(
    withImage({ file_name: "a/../../b.png" }),
    RangeError,
    `images[0].file_name "a/../../b.png": it leaves`,
  );
  await failing(
    withImage({ file_name: "/b.png" }),
    RangeError,
    `images[0].file_name "/b.png": it is absolute`,
  );
  await failing(withImage({ file_name: "a\0.png" }), RangeError, "it holds a NUL character");
  await failing(withImage({ file_name: "a\\b.png" }), RangeError, "it holds a backslash");
  await failing(
    instances({ categories: [categories[1], categories[1]] }),
    RangeError,
    "categories[1].id: 18 is there twice",
  );
});
