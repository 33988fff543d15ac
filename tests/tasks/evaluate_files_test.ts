import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { helpOfFiles, parseFileFlags } from "../../tasks/evaluate_files_flags.ts";
import { isAboutFiles } from "../../tasks/evaluate_files.ts";
import { confusionCsv } from "../../tasks/evaluate_files_lines.ts";
import { type EvaluationInput, openForEvaluation } from "../../tasks/evaluate_files_open.ts";
import { png, vocXml, withTree } from "../data/temp_tree.ts";
import { cocoCases } from "../eval/fixture.ts";
import { type JobOutcome, runJob } from "../helpers/job.ts";

const annotations = {
  images: [{ id: 1 }, { id: 2 }],
  categories: [{ id: 1, name: "cat" }, { id: 2, name: "dog, wet" }],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, bbox: [0, 0, 40, 40] },
    { id: 2, image_id: 1, category_id: 2, bbox: [100, 0, 40, 40] },
  ],
};
const result = { image_id: 1, category_id: 1, bbox: [0, 0, 40, 40], score: 0.9 };

const image = await png(64, 64);
/** Object [5..30] by [5..40] of class RBC in both images, a difficult WBC in the first. */
const voc = {
  "ImageSets/Main/test.txt": "000007\nblood",
  "ImageSets/Main/train.txt": "000007",
  "JPEGImages/000007.png": image,
  "JPEGImages/blood.png": image,
  "Annotations/000007.xml": vocXml({
    width: 64,
    height: 64,
    objects: [{ name: "RBC", box: [6, 6, 30, 40] }, { name: "WBC", box: [40, 40, 60, 60], difficult: "1" }],
  }),
  "Annotations/blood.xml": vocXml({ width: 64, height: 64, objects: [{ name: "RBC", box: [6, 6, 30, 40] }] }),
};

/** Runs the command on files with these contents; "DIR" in a flag is their folder. */
async function score(
  files: Record<string, string | Uint8Array>,
  flags: readonly string[],
  check: (outcome: JobOutcome, folder: string) => void | Promise<void>,
): Promise<void> {
  await withTree(files, async (folder) => {
    await check(await runJob("evaluate", flags.map((flag) => flag.replace("DIR", folder))), folder);
  });
}

const both = ["--annotations", "DIR/ann.json", "--detections", "DIR/det.json"];

function pair(truth: unknown, results: unknown): Record<string, string> {
  const text = (content: unknown): string => typeof content === "string" ? content : JSON.stringify(content);
  return { "ann.json": text(truth), "det.json": text(results) };
}

Deno.test("deno task evaluate --json prints pycocotools' twelve numbers, and nothing else", async () => {
  const cases = await cocoCases();
  for (const name of ["golden 1", "weird 244"]) {
    const example = cases.find((one) => one.name === name);
    assert(example !== undefined);
    await score(pair(example.annotations, example.detections), [...both, "--json"], ({ code, stdout }) => {
      assertEquals(code, 0);
      const summary: Record<string, number> = JSON.parse(stdout);
      assertEquals(Object.keys(summary).join(), "AP,AP50,AP75,APs,APm,APl,AR1,AR10,AR100,ARs,ARm,ARl");
      Object.values(summary).forEach((value, i) =>
        assertAlmostEquals(value, example.expected.stats[i], 1e-9)
      );
      assertEquals(stdout, `${JSON.stringify(summary)}\n`);
    });
  }
});

Deno.test("deno task evaluate shows the numbers, the classes and the confusion matrix, and writes it", async () => {
  const flags = [...both, "--confusion", "DIR/confusion.csv", "--score-threshold", "0.5"];
  await score(pair(annotations, [result]), flags, async ({ code, stdout, stderr }, folder) => {
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.split("\n");
    assertEquals(lines.slice(0, 3), [
      "2 images, 2 classes, 2 annotations, 1 detections:",
      "  AP     0.5000",
      "  AP50   0.5000",
    ]);
    assertEquals(lines.slice(13, -1), [
      "",
      "  class     objects      AP    AP50   AR100",
      "  cat             1  1.0000  1.0000  1.0000",
      "  dog, wet        1  0.0000  0.0000  0.0000",
      "",
      "Confusion at scores from 0.5 and IoU from 0.5 (a row is what an object is, a column what it was detected as):",
      "              cat  dog, wet  background",
      "  cat           1         0           0",
      "  dog, wet      0         0           1",
      "  background    0         0           0",
      `wrote ${folder}/confusion.csv`,
    ]);
    assertEquals(
      await Deno.readTextFile(`${folder}/confusion.csv`),
      'true\\detected,cat,"dog, wet",background\ncat,1,0,0\n"dog, wet",0,0,1\nbackground,0,0,0\n',
    );
  });
});

Deno.test("deno task evaluate lists the most frequent mistakes where a matrix would be too wide", async () => {
  const categories = Array.from({ length: 30 }, (_, k) => ({ id: k + 1, name: `class ${k + 1}` }));
  const mistaken = [result, { ...result, category_id: 30, bbox: [100, 0, 40, 40] }];
  await score(pair({ ...annotations, categories }, mistaken), both, ({ stdout }) => {
    assertStringIncludes(stdout, "1 objects detected as what they are, 0 missed, 0 detections of nothing.");
    assertStringIncludes(stdout, "is       detected as  times\n  class 2  class 30         1\n");
  });
});

Deno.test("deno task evaluate scores a VOC folder, by VOC's measures too", async () => {
  const results = [
    { image_id: 7, category_id: "RBC", bbox: [5, 5, 25, 35], score: 0.9 },
    { image_id: "000007", category_id: 2, bbox: [39, 39, 21, 21], score: 0.8 }, // difficult
    { image_id: "blood", category_id: 1, bbox: [50, 50, 10, 10], score: 0.7 },
  ];
  const files = { ...voc, "det.json": JSON.stringify(results) };
  await score(files, ["--annotations", "DIR", "--detections", "DIR/det.json"], ({ code, stdout }) => {
    assertEquals(code, 0);
    assertStringIncludes(stdout, "2 images, 2 classes, 3 annotations, 3 detections:");
    // One of two found: 6 of 11 points, half of the area; WBC has no object that counts.
    assertStringIncludes(stdout, "Pascal VOC's AP at IoU 0.5:\n  11 points  0.5455\n  area       0.5000\n");
    assertStringIncludes(stdout, "  WBC          1  1.0000  1.0000  1.0000              -         -\n");
  });
});

Deno.test("deno task evaluate refuses bad files in one line without a stack", async () => {
  const nan = JSON.stringify([result]).replace("40,40", "NaN,40");
  await score(pair(annotations, nan), both, ({ code, stdout, stderr }, folder) => {
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      stderr,
      `error: Cannot read ${folder}/det.json: line 1, column 44: results[0].bbox holds NaN ` +
        '(y_id":1,"bbox":[0,0,NaN,40],"score":0.9}), wanted finite numbers\n',
    );
  });
});

/** Asserts that opening files with these contents fails with this message, in which DIR is their folder. */
async function refuses(
  files: Record<string, string | Uint8Array>,
  flags: { annotations?: string; detections?: string; split?: string },
  message: string,
): Promise<void> {
  await withTree(files, async (folder) => {
    const { annotations = "ann.json", detections = "det.json", split = null } = flags;
    const paths = {
      annotations: `${folder}/${annotations}`.replace(/\/$/, ""),
      detections: `${folder}/${detections}`,
    };
    const error = await assertRejects(() => openForEvaluation({ ...paths, split }), Error);
    assertStringIncludes(error.message.replaceAll(folder, "DIR"), message);
  });
}

Deno.test("openForEvaluation() names the file that is missing, or is something else", async () => {
  const files = pair(annotations, [result]);
  await refuses(files, { annotations: "an.json" }, "Cannot read DIR/an.json: there is no such file");
  await refuses(files, { detections: "dets.json" }, "Cannot read DIR/dets.json: there is no such file");
  await refuses(
    files,
    { detections: "" },
    "Cannot read DIR/: it is a folder; --detections takes COCO's results",
  );
  await refuses(
    pair([result], [result]),
    {},
    'Cannot read DIR/ann.json: the file is [{"image_id":1,"category_id":1,"bbox":[0,0,40,40],…, wanted an object with',
  );
});

Deno.test("openForEvaluation() names the entry with an unknown or repeated id", async () => {
  await refuses(
    pair(annotations, [result, { ...result, image_id: 77 }]),
    {},
    "Cannot read DIR/det.json: results[1].image_id is 77, wanted the id of one of the 2 images of DIR/ann.json, such as 1",
  );
  await refuses(
    pair(annotations, [{ ...result, category_id: 3 }]),
    {},
    "Cannot read DIR/det.json: results[0].category_id is 3, wanted the id of one of the 2 categories of DIR/ann.json",
  );
  await refuses(
    pair({ ...annotations, images: [...annotations.images, { id: 1 }] }, []),
    {},
    "Cannot read DIR/ann.json: images[2].id is 1, wanted an id of its own: images[0] has this one",
  );
});

Deno.test("openForEvaluation() says which folders, splits, images and classes of VOC there are", async () => {
  const files = {
    ...voc,
    "det.json": JSON.stringify([{ ...result, image_id: "blood", category_id: "cell" }]),
  };
  const flags = { annotations: "" };
  await refuses(
    files,
    flags,
    'results[0].category_id is "cell", wanted a class of DIR, split test, by name or number: "RBC" (1), "WBC" (2)',
  );
  await refuses(
    files,
    { ...flags, split: "train" },
    'results[0].image_id is "blood", wanted the id of one of the 1 images of DIR, split train, such as "000007"',
  );
  await refuses(
    files,
    { ...flags, split: "val" },
    "Cannot use DIR: its splits are test, train, wanted val",
  );
  await refuses(
    { "annotations/instances_val.json": "{}" },
    flags,
    "Cannot use DIR as annotations: it has no ImageSets/Main, wanted a Pascal VOC folder; " +
      "for COCO name the file, of annotations/instances_val.json",
  );
  await refuses(
    pair(annotations, []),
    { split: "val" },
    "Cannot use --split val with DIR/ann.json: only a VOC folder",
  );
});

Deno.test("openForEvaluation() notes an annotation with the id 0", async () => {
  const zero = { ...annotations, annotations: [{ ...annotations.annotations[0], id: 0 }] };
  const notesOf = async (truth: unknown): Promise<readonly string[]> => {
    let input: EvaluationInput | undefined;
    await withTree(pair(truth, [result]), async (folder) => {
      const paths = { annotations: `${folder}/ann.json`, detections: `${folder}/det.json`, split: null };
      input = await openForEvaluation(paths);
    });
    return input?.notes ?? [];
  };
  assertEquals(await notesOf(annotations), []);
  assertStringIncludes((await notesOf(zero)).join(), "ann.json: an annotation has the id 0");
});

Deno.test("parseFileFlags() reads the flags and refuses what it does not know", () => {
  const given = ["--annotations", "a.json", "--detections=d.json"];
  assertEquals(parseFileFlags(given), {
    annotations: "a.json",
    detections: "d.json",
    split: null,
    scoreThreshold: 0.25,
    confusion: null,
    json: false,
  });
  assertEquals(parseFileFlags([...given, "--json", "--score-threshold=-1"])?.scoreThreshold, -1);
  assertEquals(parseFileFlags(["--annotations", "a", "-h"]), null);
  const refuse = (args: string[], message: string): unknown =>
    assertThrows(() => parseFileFlags(args), Error, message);
  refuse([...given, "--jsno"], "there is no such flag where files are scored; did you mean --json?");
  refuse([...given, "d2.json"], 'Cannot understand "d2.json": deno task evaluate takes flags only');
  refuse(
    ["--annotations", "a.json"],
    "Cannot score files without --detections: wanted --detections DET.json",
  );
  refuse(["--annotations", "--detections", "d"], "Cannot understand --annotations without a value");
  refuse(
    [...given, "--score-threshold", "high"],
    "Cannot understand --score-threshold high: wanted a number",
  );
});

Deno.test("isAboutFiles() tells a run's evaluation from that of files, and help names every flag", () => {
  assertEquals(isAboutFiles(["--run", "runs/shapes"]), false);
  assertEquals(isAboutFiles(["--help"]), false);
  assertEquals([isAboutFiles(["--annotations=a"]), isAboutFiles(["--detections", "d"])], [true, true]);
  for (const name of ["annotations", "detections", "split", "score-threshold", "confusion", "json"]) {
    assertStringIncludes(helpOfFiles(), `--${name}`);
  }
});

Deno.test("confusionCsv() puts names with commas and quotes in quotes", () => {
  const confusion = { classCount: 1, counts: Int32Array.of(1, 2, 3, 0) };
  assertEquals(confusionCsv(['a "b", c'], confusion).split("\n")[1], '"a ""b"", c",1,2');
});
