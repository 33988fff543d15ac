import { assertEquals, assertRejects } from "@std/assert";
import { openImageFolder } from "../../lib/data/image_folder.ts";
import { withTree } from "./temp_tree.ts";

const { NotFound } = Deno.errors;

Deno.test("openImageFolder() sorts classes and images by name", () =>
  withTree({
    "train/dog/b.JPG": "",
    "train/dog/a.png": "",
    "train/cat/1.webp": "",
    "train/cat/notes.txt": "",
    "train/.cache/x.jpg": "",
    "val/dog/c.jpeg": "",
  }, async (folder) => {
    const { train, val } = await openImageFolder(`${folder}/`);
    assertEquals(train.classes, ["cat", "dog"]);
    assertEquals([...train.samples].map(({ id, classIndex }) => [id, classIndex]), [
      ["train/cat/1.webp", 0],
      ["train/dog/a.png", 1],
      ["train/dog/b.JPG", 1],
    ]);
    assertEquals(train.samples.at(0).source, { file: `${folder}/train/cat/1.webp` });
    assertEquals(val.classes, train.classes);
    assertEquals([...val.samples].map(({ classIndex }) => classIndex), [1]);
  }));

Deno.test("openImageFolder() names what is missing", () =>
  withTree(
    { "a/train/cat/1.jpg": "", "b/train/1.jpg": "", "c/train/cat/1.txt": "", "c/val/cat/1.jpg": "" },
    async (folder) => {
      await assertRejects(
        () => openImageFolder(`${folder}/none`),
        NotFound,
        `${folder}/none: no such folder`,
      );
      await assertRejects(
        () => openImageFolder(`${folder}/b/train/1.jpg`),
        NotFound,
        "it is a file, wanted a folder",
      );
      await assertRejects(
        () => openImageFolder(`${folder}/a`),
        NotFound,
        `${folder}/a: it has no folder val`,
      );
      await assertRejects(
        () => openImageFolder(`${folder}/b`),
        NotFound,
        `${folder}/b: train has no class folders`,
      );
      await assertRejects(
        () => openImageFolder(`${folder}/c`),
        NotFound,
        `${folder}/c/train/cat: it has no image`,
      );
    },
  ));

Deno.test("openImageFolder() refuses a validation class that training lacks", () =>
  withTree({ "train/cat/1.jpg": "", "val/cow/1.jpg": "" }, async (folder) => {
    await assertRejects(
      () => openImageFolder(folder),
      RangeError,
      `${folder}/val/cow: class "cow" is not in ${folder}/train, which has cat`,
    );
  }));
