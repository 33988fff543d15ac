import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openDataFolder } from "../../lib/data/data_folder.ts";
import type { DetectionSplit } from "../../lib/data/detection_split.ts";
import { readVoc } from "../../lib/data/voc.ts";
import { parseVocAnnotation } from "../../lib/data/voc_annotation.ts";
import { type VocObjectText, vocXml, withTree } from "./temp_tree.ts";

const { NotFound } = Deno.errors;

/** A tree of one image with these objects, 40 x 30. */
function tree(objects: readonly VocObjectText[]): Record<string, string> {
  return {
    "ImageSets/Main/train.txt": "1\n",
    "Annotations/1.xml": vocXml({ objects }),
    "JPEGImages/1.png": "never opened by the reader",
  };
}

async function read(folder: string, splits = ["train"], classes?: string[]): Promise<DetectionSplit[]> {
  const parts = splits.map((name) => ({ name, parts: [{ tree: "", list: name }] }));
  return await readVoc(await openDataFolder(folder), parts, null, classes);
}

Deno.test("readVoc() turns inclusive 1-based corners into edges", () =>
  withTree(
    tree([{ name: "cell", box: [1, 1, 40, 30], difficult: "1" }, { name: "cell", box: [5, 6, 10, 8] }]),
    async (folder) => {
      const [train] = await read(folder);
      assertEquals(train.name, "train");
      assertEquals([...train.samples], [{
        id: "1",
        source: { file: `${folder}/JPEGImages/1.png` },
        widthPx: 40,
        heightPx: 30,
        annotations: [
          { boxXyxy: [0, 0, 40, 30], classIndex: 0, isCrowd: false, isDifficult: true, areaPx: 1200 },
          { boxXyxy: [4, 5, 10, 8], classIndex: 0, isCrowd: false, isDifficult: false, areaPx: 18 },
        ],
      }]);
      assertEquals(train.clippedCount, 0);
    },
  ));

Deno.test("readVoc() clips boxes at the border and counts them", () =>
  withTree(
    tree([{ name: "cell", box: [-3, 2, 44.5, 9] }, { name: "cell", box: [2, 2, 3, 3] }]),
    async (folder) => {
      const [train] = await read(folder);
      assertEquals(train.samples.at(0).annotations[0].boxXyxy, [0, 1, 40, 9]);
      assertEquals(train.clippedCount, 1);
    },
  ));

Deno.test("readVoc() skips boxes without area and says which", () =>
  withTree(
    tree([
      { name: "RBC", box: [8, 9, 8, 9] },
      { name: "RBC", box: [8, 9, 12, 9] },
      { name: "WBC", box: [12, 9, 8, 20] },
      { name: "WBC", box: [60, 9, 70, 20] },
      { name: "WBC", box: [8, 9, 12, 20] },
    ]),
    async (folder) => {
      const [train] = await read(folder);
      assertEquals(train.samples.at(0).annotations.length, 1);
      assertEquals(train.skipped, [
        { file: "Annotations/1.xml", reason: "object 1 (RBC): box 8,9,8,9 has no area" },
        { file: "Annotations/1.xml", reason: "object 2 (RBC): box 8,9,12,9 has no area" },
        { file: "Annotations/1.xml", reason: "object 3 (WBC): box 12,9,8,20 has no area" },
        {
          file: "Annotations/1.xml",
          reason: "object 4 (WBC): box 60,9,70,20 lies outside the image of 40 x 30",
        },
      ]);
      assertEquals(train.clippedCount, 0);
    },
  ));

Deno.test("readVoc() gives all splits the same sorted classes, or the given list", () =>
  withTree({
    "ImageSets/Main/train.txt": "\n1 \r\n",
    "ImageSets/Main/val.txt": "2",
    "Annotations/1.xml": vocXml({ objects: [{ name: "b", box: [1, 1, 2, 2] }] }),
    "Annotations/2.xml": vocXml({ objects: [{ name: "a", box: [1, 1, 2, 2] }] }),
    "JPEGImages/1.jpg": "",
    "JPEGImages/2.jpeg": "",
  }, async (folder) => {
    const [train, val] = await read(folder, ["train", "val"]);
    assertEquals([train.classes, val.classes], [["a", "b"], ["a", "b"]]);
    assertEquals(train.samples.at(0).annotations[0].classIndex, 1);
    const [given] = await read(folder, ["train"], ["b", "z"]);
    assertEquals([given.classes, given.samples.at(0).annotations[0].classIndex], [["b", "z"], 0]);
    await assertRejects(
      () => read(folder, ["val"], ["b", "z"]),
      RangeError,
      "Cannot use Annotations/2.xml: object 1 (a): its class is not in the list b, z",
    );
  }));

Deno.test("readVoc() takes the image's extension as it is, in capitals too", () =>
  withTree({
    "ImageSets/Main/train.txt": "1\n2\n3",
    ...Object.fromEntries(["1", "2", "3"].map((id) => [`Annotations/${id}.xml`, vocXml({})])),
    "JPEGImages/1.JPG": "",
    "JPEGImages/2.jpeg": "",
    "JPEGImages/3.webp": "",
  }, async (folder) => {
    const [{ samples }] = await read(folder, ["train"]);
    const files = Array.from(samples, ({ source }) => "file" in source ? source.file : "");
    assertEquals(files.map((file) => file.slice(-5)), ["1.JPG", ".jpeg", ".webp"]);
  }));

Deno.test("readVoc() names a missing split file, annotation or image", () =>
  withTree({
    "ImageSets/Main/train.txt": "1",
    "ImageSets/Main/val.txt": "2",
    "ImageSets/Main/empty.txt": "\n",
    "ImageSets/Main/files.txt": "1.jpg",
    "ImageSets/Main/twice.txt": "2\n2\n",
    "Annotations/2.xml": vocXml({}),
  }, async (folder) => {
    await assertRejects(
      () => read(folder, ["test"]),
      NotFound,
      `${folder}/ImageSets/Main/test.txt: no such file`,
    );
    await assertRejects(
      () => read(folder, ["train"]),
      NotFound,
      `Cannot read ${folder}/Annotations/1.xml: no such file, though ImageSets/Main/train.txt names 1`,
    );
    await assertRejects(
      () => read(folder, ["files"]),
      NotFound,
      "1.jpg.xml: no such file, though ImageSets/Main/files.txt names 1.jpg; wanted names without an extension",
    );
    await assertRejects(
      () => read(folder, ["val"]),
      NotFound,
      `Cannot use Annotations/2.xml: its image is missing, looked for ${folder}/JPEGImages/2.jpg, .jpeg, .png and .webp`,
    );
    await assertRejects(
      () => read(folder, ["empty"]),
      RangeError,
      "ImageSets/Main/empty.txt: it names no image",
    );
    await assertRejects(() => read(folder, ["twice"]), RangeError, "twice.txt: line 2 names 2 a second time");
  }));

Deno.test("readVoc() refuses paths that leave the data folder", () =>
  withTree({
    "outside.png": "",
    "set/ImageSets/Main/ids.txt": "1\n../outside\n",
    "set/ImageSets/Main/link.txt": "link",
    "set/Annotations/link.xml": vocXml({}),
    "set/JPEGImages/1.png": "",
  }, async (folder) => {
    const set = `${folder}/set`;
    await Deno.symlink(`${folder}/outside.png`, `${set}/JPEGImages/link.png`);
    await assertRejects(
      () => read(set, ["ids"]),
      RangeError,
      `ImageSets/Main/ids.txt: line 2 "../outside": it leaves the data folder`,
    );
    await assertRejects(
      () => read(set, ["link"]),
      RangeError,
      `Annotations/link.xml: image "JPEGImages/link.png": a link leads out of the data folder to`,
    );
  }));

Deno.test("parseVocAnnotation() refuses filenames that leave the data folder", () => {
  for (
    const [filename, fault] of [
      ["../../etc/passwd", "it leaves the data folder"],
      ["/etc/passwd", "it is absolute"],
      ["C:/x.jpg", "it is absolute"],
      ["a\\b.jpg", "it holds a backslash"],
    ]
  ) {
    assertThrows(
      () => parseVocAnnotation(vocXml({ filename }), "Annotations/1.xml"),
      RangeError,
      `Annotations/1.xml: filename ${
        JSON.stringify(filename)
      }: ${fault}, wanted a path inside the data folder`,
    );
  }
});

Deno.test("parseVocAnnotation() names file, line or field, and value", () => {
  const failing = (text: string, kind: ErrorConstructor, message: string): void => {
    assertThrows(() => parseVocAnnotation(text, "Annotations/1.xml"), kind, message);
  };
  const object = (text: string): string => vocXml({}).replace("</annotation>", `${text}</annotation>`);
  failing("<annotation>\n<size></annotation>", SyntaxError, "Cannot parse Annotations/1.xml: line 2: ");
  failing(
    "<annotation><object><name>cell</name>\n<bnd",
    SyntaxError,
    "Cannot parse Annotations/1.xml: it ends before its elements annotation and object and bnd do: it may have been cut short",
  );
  failing("", SyntaxError, "Cannot parse Annotations/1.xml: ");
  failing("<other/>", SyntaxError, "Annotations/1.xml: it has no element annotation");
  failing("<annotation><size/></annotation>", SyntaxError, "1.xml: size.width is missing, wanted a number");
  failing(vocXml({ width: "wide" }), SyntaxError, `1.xml: size.width is "wide", wanted a number`);
  failing(vocXml({ height: 0 }), RangeError, "1.xml: size.height is 0, wanted a whole number above 0");
  failing(object("<object/>"), SyntaxError, "1.xml: object 1 has no name");
  failing(
    object("<object><name>a</name></object>"),
    SyntaxError,
    "object 1 (a): bndbox.xmin is missing, wanted a number",
  );
  failing(
    vocXml({ objects: [{ name: "a", box: [1, 2, 3, 4] }, { name: "b", box: [1, "NaN", 3, 4] }] }),
    SyntaxError,
    `Annotations/1.xml: object 2 (b): bndbox.ymin is "NaN", wanted a number`,
  );
  failing(
    vocXml({ objects: [{ name: "a", box: [1, 2, 3, 4], difficult: "maybe" }] }),
    RangeError,
    `Annotations/1.xml: object 1 (a): difficult is "maybe", wanted 0 or 1`,
  );
});
