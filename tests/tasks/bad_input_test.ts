import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import sharp from "sharp";
import { openRun } from "../../lib/run/run_folder.ts";
import { png, vocXml, withTree } from "../data/temp_tree.ts";
import { digests, exists, filesBelow, type JobOutcome, root, runJob, withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

type Files = Record<string, string | Uint8Array>;

const box = { name: "cell", box: [5, 5, 30, 40] };
const image = await png(64, 64);
const greyImage = new Uint8Array(
  await sharp({ create: { width: 64, height: 64, channels: 3, background: "#808080" } }).toColourspace("b-w")
    .png()
    .toBuffer(),
);
assertEquals((await sharp(greyImage).metadata()).channels, 1);

/** A small VOC tree in which all is well. */
function vocTree(picture = image): Files {
  const [train, test] = [["1", "2", "3", "4", "5", "6"], ["7", "8"]];
  const files: Files = {
    "ImageSets/Main/train.txt": train.join("\n"),
    "ImageSets/Main/test.txt": test.join("\n"),
  };
  for (const id of [...train, ...test]) {
    files[`Annotations/${id}.xml`] = vocXml({ filename: `${id}.png`, width: 64, height: 64, objects: [box] });
    files[`JPEGImages/${id}.png`] = picture;
  }
  return files;
}

/** A COCO file of one image. */
function coco(categoryId: number): string {
  return JSON.stringify({
    images: [{ id: 1, file_name: "1.png", width: 64, height: 64 }],
    categories: [{ id: 3, name: "cell" }],
    annotations: [{
      id: 1,
      image_id: 1,
      category_id: categoryId,
      bbox: [4, 4, 20, 20],
      area: 400,
      iscrowd: 0,
    }],
  });
}

function checkRefused({ code, stderr }: JobOutcome, ...parts: string[]): void {
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "error: ");
  for (const part of parts) assertStringIncludes(stderr, part);
  assert(!/\n\s+at /.test(stderr), `no stack:\n${stderr}`);
}

/** Asserts that the job refuses data, with a message that has all parts, and that no run is made. */
function refusesData(
  name: string,
  files: Files,
  parts: (data: string) => string[],
  args: string[] = [],
): void {
  Deno.test(name, () =>
    withTree(files, (data) =>
      withFolder(async (folder) => {
        const run = `${folder}/run`;
        const job = ["--config", "shapes-tiny", "--data", data, "--run", run, "--threads", "2", ...args];
        checkRefused(await runJob("search", job), ...parts(data));
        assert(!await exists(run), "no run is made");
      })));
}

/** Asserts that the job refuses what was typed, likewise. */
function refusesFlags(name: string, args: string[], message: string): void {
  Deno.test(name, () =>
    withFolder(async (folder) => {
      const outcome = await runJob("search", [...args, "--run", `${folder}/run`]);
      checkRefused(outcome);
      assertEquals(outcome.stderr.trim(), `error: ${message}`);
      assert(!await exists(`${folder}/run`), "no run is made");
    }));
}

refusesFlags(
  "a data folder that is not there is named",
  ["--config", "shapes-tiny", "--data", "/nowhere/at/all"],
  "Cannot open data folder /nowhere/at/all: no such folder",
);
refusesFlags(
  "more workers than a batch has images are refused",
  ["--config", "shapes-tiny", "--workers", "5", "--threads", "1"],
  "Cannot train with 5 workers as finetune.batchSize is 4: each needs at least one image",
);
refusesFlags(
  "an unknown flag is named with the nearest one",
  ["--confg", "shapes-tiny"],
  "Cannot understand --confg: there is no such flag; did you mean --config?",
);
refusesFlags(
  "an unknown config is named with those that there are",
  ["--config", "shapes-tidy"],
  'Cannot find config "shapes-tidy": there are shapes, shapes-tiny, tree-crowns, photos, photos-fpn, the paper\'s (see --help), or a FILE.json; did you mean shapes-tiny?',
);
refusesFlags(
  "an unknown field is named with the nearest one",
  ["--config", "shapes-tiny", "--set", "search.popluation=4"],
  "Cannot set search.popluation: there is no such field; did you mean search.population?",
);

const { "ImageSets/Main/train.txt": _train, ...withoutTrain } = vocTree();
refusesData(
  "a VOC tree without a training split is told which splits it has and which it needs",
  withoutTrain,
  (
    data,
  ) => [
    `Cannot open ${data} as Pascal VOC: its splits are test, wanted train and at least one of val and test`,
  ],
);
refusesData(
  "an XML file that does not parse is named with its line",
  { ...vocTree(), "Annotations/2.xml": "<annotation>\n<size>\n</annotation>" },
  () => ["Cannot parse Annotations/2.xml: line "],
);
refusesData(
  "an annotation whose path leaves the data folder is refused",
  {
    ...vocTree(),
    "Annotations/2.xml": vocXml({ filename: "../../secret.png", width: 64, height: 64, objects: [box] }),
  },
  () => ['Annotations/2.xml: filename "../../secret.png": it leaves the data folder'],
);
refusesData(
  "a split file whose line leaves the data folder is refused",
  { ...vocTree(), "ImageSets/Main/train.txt": "1\n../../2" },
  () => ['ImageSets/Main/train.txt: line 2 "../../2": it leaves the data folder'],
);
refusesData(
  "a COCO file that is no JSON is named",
  {
    "annotations/instances_train.json": '{"images": [}',
    "annotations/instances_test.json": coco(3),
    "train/1.png": image,
    "test/1.png": image,
  },
  () => ["annotations/instances_train.json", "JSON"],
);
refusesData(
  "a COCO annotation of a class that is not in the list is named",
  {
    "annotations/instances_train.json": coco(7),
    "annotations/instances_test.json": coco(3),
    "train/1.png": image,
    "test/1.png": image,
  },
  () => ["annotations/instances_train.json", "category_id", "7"],
);
refusesData(
  "a data folder without any object is refused",
  {
    ...vocTree(),
    ...Object.fromEntries(
      [..."12345678"].map((id) => [`Annotations/${id}.xml`, vocXml({ width: 64, height: 64 })]),
    ),
  },
  (data) => [`Cannot learn to detect from ${data}: no object is annotated, wanted at least one`],
);
refusesData(
  "images that can't be read, are empty, too large or of another size are all named, each with its fault",
  {
    ...vocTree(),
    "JPEGImages/1.png": "this is no image",
    "JPEGImages/2.png": new Uint8Array(0),
    "JPEGImages/3.png": await png(100, 50),
    "JPEGImages/4.png": await png(32, 64),
    "JPEGImages/5.png": new Uint8Array(await sharp(image).gif().toBuffer()),
  },
  (data) => [
    "Cannot use the data as 5 images are unusable; replace what is listed, or take it out of the annotations:",
    `Cannot read ${data}/JPEGImages/1.png: it is not a readable image`,
    `Cannot read ${data}/JPEGImages/2.png: it is empty (0 bytes)`,
    `Cannot read ${data}/JPEGImages/3.png: it is 100 x 50, 5000 pixels, over the limit of 4096`,
    `Cannot use ${data}/JPEGImages/4.png: it is 32 x 64, wanted 64 x 64 as annotated`,
    `Cannot read ${data}/JPEGImages/5.png: it is gif, wanted JPEG, PNG or WebP`,
  ],
  ["--set", "maxImagePixels=4096"],
);

Deno.test("an image folder whose validation split has a class of its own is refused", () =>
  withTree({ "train/a/1.png": image, "val/b/1.png": image }, (data) =>
    withFolder(async (folder) => {
      const args = ["--config", "shapes-tiny", "--pretrain-data", data, "--run", `${folder}/run`];
      checkRefused(
        await runJob("search", args),
        `Cannot use ${data}/val/b: class "b" is not in ${data}/train`,
      );
      assert(!await exists(`${folder}/run`));
    })));

Deno.test("an image folder with a single class is refused", () =>
  withTree({ "train/a/1.png": image, "val/a/1.png": image }, (data) =>
    withFolder(async (folder) => {
      const args = ["--config", "shapes-tiny", "--pretrain-data", data, "--run", `${folder}/run`];
      checkRefused(
        await runJob("search", args),
        `Cannot learn to classify from ${data}: it has one class, a`,
      );
      assert(!await exists(`${folder}/run`));
    })));

Deno.test("a run folder of another config is named with the difference, and left as it was", () =>
  withFolder(async (folder) => {
    const run = `${folder}/run`;
    await (await openRun(run, tinyConfig))[Symbol.asyncDispose]();
    const before = digests(await filesBelow(run));
    const args = [
      "--config",
      "shapes-tiny",
      "--run",
      run,
      "--seed",
      "2",
      "--set",
      "detector.scoreThreshold=0",
    ];
    checkRefused(
      await runJob("search", args),
      `Cannot go on with run folder ${run} as it was made with another config: seed was 1 and is now 2`,
    );
    const { "run.lock": _lock, ...after } = digests(await filesBelow(run));
    const { "run.lock": _lockBefore, ...wanted } = before;
    assertEquals(after, wanted);
  }));

Deno.test("a folder that holds something else is not taken for a run folder", () =>
  withTree({ "thesis.tex": "\\documentclass{book}" }, async (folder) => {
    const { code, stderr } = await runJob("search", ["--config", "shapes-tiny", "--run", folder]);
    checkRefused(
      { code, stderr, stdout: "" },
      `Cannot start a run in ${folder} as it holds other files (such as thesis.tex)`,
    );
    assertEquals([...(await filesBelow(folder)).keys()], ["thesis.tex"]);
  }));

Deno.test("DETNAS_LIBTENSORFLOW that names no file is named, and nothing is fetched instead", () =>
  withFolder(async (folder) => {
    const environment = {
      DETNAS_LIBTENSORFLOW: "/nowhere/libtensorflow_cc.so.2",
      DETNAS_CACHE: `${folder}/cache`,
    };
    const outcome = await runJob(
      "search",
      ["--config", "shapes-tiny", "--run", `${folder}/run`],
      environment,
    );
    checkRefused(outcome, "DETNAS_LIBTENSORFLOW is /nowhere/libtensorflow_cc.so.2, which is no file");
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test({
  name: "without an engine and without a network the job says what was tried and what helps",
  ignore: Deno.build.os === "windows", // the python that fails is a shell script
  fn: () =>
    withFolder(async (folder) => {
      const script =
        '#!/bin/sh\ncase "$*" in *--version*) exit 0;; esac\necho "Temporary failure in name resolution" >&2\nexit 1\n';
      await Deno.mkdir(`${folder}/bin`);
      for (const name of ["python3", "python"]) {
        await Deno.writeTextFile(`${folder}/bin/${name}`, script, { mode: 0o755 });
      }
      const environment = {
        DETNAS_LIBTENSORFLOW: "",
        DETNAS_CACHE: `${folder}/cache`,
        PATH: `${folder}/bin`,
      };
      const outcome = await runJob(
        "search",
        ["--config", "shapes-tiny", "--run", `${folder}/run`],
        environment,
      );
      checkRefused(
        outcome,
        "Cannot find libtensorflow (cpu). Tried:",
        "DETNAS_LIBTENSORFLOW: not set",
        "Temporary failure in name resolution",
        "What helps, any one of:",
        "pip install tensorflow",
      );
      assert(!await exists(`${folder}/run`), "no run is made");
      const left = (await Array.fromAsync(Deno.readDir(`${folder}/cache`))).map(({ name }) => name);
      assertEquals(left, ["fetch.lock"], "nothing half-fetched");
    }),
});

const shortJob = [
  ...["--config", "shapes-tiny", "--threads", "2"],
  ...["pretrain", "finetune", "retrain"].flatMap((stage) => [
    ...[
      "--set",
      `${stage}.duration.steps=4`,
      "--set",
      `${stage}.checkpointSteps=2`,
      "--set",
      `${stage}.batchSize=2`,
    ],
  ]),
  ...[
    "--set",
    "search.generations=1",
    "--set",
    'search.strategies=["evolution"]',
    "--set",
    "search.recalibration.images=4",
  ],
];

Deno.test("greyscale images are converted, a single class is enough, and a box without an area is left out, listed and counted", () =>
  withTree({
    ...vocTree(greyImage),
    "Annotations/2.xml": vocXml({
      filename: "2.png",
      width: 64,
      height: 64,
      objects: [box, { name: "cell", box: [10, 20, 10, 40] }],
    }),
  }, (data) =>
    withFolder(async (folder) => {
      const run = `${folder}/run`;
      const { code, stdout, stderr } = await runJob("search", [...shortJob, "--data", data, "--run", run]);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, "1 annotations are skipped:");
      assertStringIncludes(stdout, "Annotations/2.xml: object 2 (cell): box 10,20,10,40 has no area");
      assertStringIncludes(await Deno.readTextFile(`${run}/report.html`), "has no area");
      const [{ retrained }] = JSON.parse(await Deno.readTextFile(`${run}/winners.json`));
      assertEquals(Object.keys(retrained.perClass), ["cell"]);
    })));

/** Whether a file system can be mounted here: as root, in a mount namespace of one's own. */
async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const command = new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"],
    stdout: "null",
    stderr: "null",
  });
  return await command.output().then(({ success }) => success, () => false);
}

Deno.test({
  name:
    "a full disk ends the job with the file's name, leaves what was whole, and with more room the job goes on",
  ignore: !await canMount(),
  fn: () =>
    withFolder(async (folder) => {
      // Room for the two checkpoints of pre-training, not for a third one.
      const script = `
        mkdir "$1/disk" && mount -t tmpfs -o size=900k tmpfs "$1/disk" || exit 99
        shift_to="$1"; shift
        "$@" > "$shift_to/first.out" 2> "$shift_to/first.err"; echo $? > "$shift_to/first.code"
        (cd "$shift_to/disk" && find . -type f | sort) > "$shift_to/first.files"
        mount -o remount,size=20m "$shift_to/disk" || exit 99
        "$@" > "$shift_to/second.out" 2> "$shift_to/second.err"; echo $? > "$shift_to/second.code"
      `;
      const job = [Deno.execPath(), "task", "--quiet", "search", ...shortJob, "--run", `${folder}/disk/run`];
      const command = new Deno.Command("unshare", {
        args: ["-m", "sh", "-c", script, "sh", folder, ...job],
        cwd: root,
        env: { NO_COLOR: "1" },
        stdin: "null",
      });
      const { code } = await command.output();
      assertEquals(code, 0);
      const text = async (name: string): Promise<string> =>
        (await Deno.readTextFile(`${folder}/${name}`)).trim();

      checkRefused(
        { code: Number(await text("first.code")), stderr: await text("first.err"), stdout: "" },
        `Cannot write ${folder}/disk/run/finetune/step-2.tmp/network.safetensors as the disk is full`,
        "free some space and run again",
      );
      const files = await text("first.files");
      assertStringIncludes(files, "./run/pretrain/step-4/network.safetensors");
      assert(!/finetune\/|\.tmp/.test(files), `nothing half-written:\n${files}`);

      assertEquals(await text("second.code"), "0", await text("second.err"));
      assertStringIncludes(await text("second.out"), "pretrain: finished ");
      assertStringIncludes(await text("second.out"), "retrained: AP ");
    }),
});
