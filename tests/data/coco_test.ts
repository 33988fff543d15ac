import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseCocoInstances, readCoco } from "../../lib/data/coco.ts";
import { openDataFolder } from "../../lib/data/data_folder.ts";
import { withTree } from "./temp_tree.ts";

const image = { id: 7, file_name: "a.png", width: 40, height: 30 };
const annotation = { id: 1, image_id: 7, category_id: 18, bbox: [2, 3, 10, 5], iscrowd: 0, area: 33.5 };
const categories = [{ id: 90, name: "toothbrush" }, { id: 18, name: "dog" }];

function instances(change: Record<string, unknown> = {}): string {
  return JSON.stringify({ images: [image], annotations: [annotation], categories, ...change });
}

async function read(folder: string): ReturnType<typeof readCoco> {
  return await readCoco(await openDataFolder(folder), "val2017");
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
    assertEquals(val.samples, [{
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

Deno.test("parseCocoInstances() names file, entry, value and what was wanted", () => {
  const failing = (text: string, kind: ErrorConstructor, message: string): void => {
    assertThrows(() => parseCocoInstances(text, file), kind, message);
  };
  const withAnnotation = (change: Record<string, unknown>): string =>
    instances({ annotations: [annotation, { ...annotation, id: 2, ...change }] });
  const withImage = (change: Record<string, unknown>): string =>
    instances({ images: [{ ...image, ...change }] });

  failing("{", SyntaxError, `Cannot parse ${file}: `);
  failing("[]", SyntaxError, `${file}: the top level: it is [], wanted an object`);
  failing(instances({ images: undefined }), SyntaxError, `${file}: images: it is missing, wanted a list`);
  failing(instances({ images: [3] }), SyntaxError, `${file}: images[0]: it is 3, wanted an object`);

  failing(
    withAnnotation({ bbox: [1, 2, 3] }),
    SyntaxError,
    `${file}: annotations[1].bbox: it is [1,2,3], wanted 4 finite`,
  );
  failing(
    withAnnotation({ bbox: [1, 2, 3, "4"] }),
    SyntaxError,
    `annotations[1].bbox: it is [1,2,3,"4"], wanted 4 finite`,
  );
  failing(
    withAnnotation({ bbox: [1, 2, 3, NaN] }),
    SyntaxError,
    `annotations[1].bbox: it is [1,2,3,null], wanted 4 finite`,
  );
  failing(withAnnotation({ iscrowd: 2 }), SyntaxError, "annotations[1].iscrowd: it is 2, wanted 0 or 1");
  failing(
    withAnnotation({ area: -1 }),
    SyntaxError,
    "annotations[1].area: it is -1, wanted a number of at least 0",
  );
  failing(withAnnotation({ id: 1.5 }), SyntaxError, "annotations[1].id: it is 1.5, wanted a whole number");
  failing(withAnnotation({ id: 1 }), RangeError, `${file}: annotations[1].id: 1 is there twice`);
  failing(
    withAnnotation({ image_id: 8 }),
    RangeError,
    "annotations[1].image_id: 8 is not the id of an entry of images",
  );
  failing(
    withAnnotation({ category_id: 1 }),
    RangeError,
    "annotations[1].category_id: 1 is not the id of an entry of categories",
  );

  failing(withImage({ width: 0 }), SyntaxError, "images[0].width: it is 0, wanted a whole number above 0");
  failing(withImage({ file_name: 1 }), SyntaxError, "images[0].file_name: it is 1, wanted a text");
  failing(
    withImage({ file_name: "a/../../b.png" }),
    RangeError,
    `images[0].file_name "a/../../b.png": it leaves`,
  );
  failing(withImage({ file_name: "/b.png" }), RangeError, `images[0].file_name "/b.png": it is absolute`);
  failing(withImage({ file_name: "a\0.png" }), RangeError, "it holds a NUL character");
  failing(withImage({ file_name: "a\\b.png" }), RangeError, "it holds a backslash");
  failing(
    instances({ categories: [categories[1], categories[1]] }),
    RangeError,
    "categories[1].id: 18 is there twice",
  );
});
