import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import sharp from "sharp";
import type { Config } from "../../lib/config/schema.ts";
import { openDetectionData } from "../../lib/train/datasets.ts";
import type { CheckResult } from "../../tasks/check_result.ts";
import { resolveConfig } from "../../tasks/cli.ts";
import { searchFlags, withConfig } from "../../tasks/doctor.ts";
import { proposedConfig, settingFlags } from "../../tasks/doctor_data.ts";
import { showData } from "../../tasks/show_data.ts";
import { ensureTreeCrowns, treeCrownsFolder } from "../../tasks/tree_crowns.ts";
import { png, type VocObjectText, vocXml, withTree } from "../data/temp_tree.ts";

async function configOf(...args: string[]): Promise<Config> {
  const invocation = await resolveConfig("doctor", args);
  if (invocation.help !== null) throw new TypeError("no help was asked for");
  return invocation.config;
}

async function findings(path: string): Promise<Map<string, CheckResult>> {
  const config = await configOf("--config", "photos", "--data", path);
  const shown = await showData(config, await openDetectionData(config), {
    contactSheet: null,
    writeConfig: null,
  });
  return new Map(shown.map((result) => [result.subject, result]));
}

/** A VOC folder of images of one object each, of different colours so that no two are the same file. */
async function vocFolder(
  splits: Readonly<Record<string, readonly string[]>>,
  objectsOf: Readonly<Record<string, readonly VocObjectText[]>> = {},
  images: Readonly<Record<string, Uint8Array>> = {},
): Promise<Record<string, string | Uint8Array>> {
  const files: Record<string, string | Uint8Array> = {};
  let shade = 16;
  for (const [split, ids] of Object.entries(splits)) {
    files[`ImageSets/Main/${split}.txt`] = ids.map((id) => `${id}\n`).join("");
    for (const id of ids) {
      files[`JPEGImages/${id}.png`] = images[id] ?? await png(400, 300, `#${(shade++).toString(16)}4050`);
      const objects = objectsOf[id] ?? [{ name: "cell", box: [11, 11, 80, 90] }];
      files[`Annotations/${id}.xml`] = vocXml({ filename: `${id}.png`, width: 400, height: 300, objects });
    }
  }
  return files;
}

Deno.test("a data set without faults has no doubts", async () => {
  const files = await vocFolder({ train: ["1", "2"], val: ["3"], test: ["4"] });
  await withTree(files, async (path) => {
    const found = await findings(path);
    assertEquals(found.get("doubts")?.status, "ok");
    assertStringIncludes(found.get("splits")?.finding ?? "", "train  2 images  2 boxes");
  });
});

Deno.test("every planted fault is told with the place where it is", async () => {
  const same = await png(400, 300, "#123456");
  const turned = new Uint8Array(
    await sharp({ create: { width: 400, height: 300, channels: 3, background: "#654321" } })
      .withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  );
  const cell = (...box: number[]): VocObjectText => ({ name: "cell", box });
  const files = await vocFolder(
    { train: ["double", "copy", "turned", "none"], val: ["tiny", "copied"], test: ["new"], valid: [] },
    {
      double: [cell(11, 11, 80, 90), cell(11, 11, 80, 91), cell(100, 100, 350, 110)],
      tiny: [cell(50, 50, 52, 52)],
      none: [],
      new: [{ name: "rare", box: [1, 1, 400, 300] }],
    },
    { copy: same, copied: same },
  );
  delete files["JPEGImages/turned.png"];
  files["JPEGImages/turned.jpg"] = turned;
  await withTree(files, async (path) => {
    const found = await findings(path);
    const { status, finding } = found.get("doubts") ?? { status: "", finding: "" };
    assertEquals(status, "warning");
    for (
      const text of [
        "1 boxes annotated twice (same class, IoU above 0.9): train double",
        "1 boxes more than 10 times as long as wide: train double",
        "1 boxes under 4 px on the canvas: too small to be found: val tiny",
        "1 images without boxes: fine if nothing is there to find: train none",
        "1 boxes that fill over 95 % of their image: test new",
        `1 images are in two splits, under two names, so results look better than they are: train ${path}/JPEGImages/copy.png = val ${path}/JPEGImages/copied.png`,
        `1 images have an EXIF rotation, which is ignored: boxes must be in stored pixels: train ${path}/JPEGImages/turned.jpg`,
        "splits that nothing uses: valid",
      ]
    ) assertStringIncludes(finding, text);
    const classes = found.get("classes");
    assertEquals(classes?.status, "warning");
    assertStringIncludes(classes?.finding ?? "", "rare is in test only: nothing can learn it");
  });
});

Deno.test("a class that is spelt otherwise in one split, or that a split lacks, is named", async () => {
  const splits = { train: ["cell", "nucleus"], val: ["Cells"], test: ["cell"] };
  const files: Record<string, string | Uint8Array> = {};
  for (const [split, names] of Object.entries(splits)) {
    const objects = names.map((name, i): VocObjectText => ({ name, box: [1 + 60 * i, 1, 50 + 60 * i, 50] }));
    files[`ImageSets/Main/${split}.txt`] = split;
    files[`Annotations/${split}.xml`] = vocXml({ width: 400, height: 300, objects });
    files[`JPEGImages/${split}.png`] = await png(400, 300);
  }
  await withTree(files, async (path) => {
    const { finding = "" } = (await findings(path)).get("classes") ?? {};
    assertStringIncludes(finding, "Cells is in val only: nothing can learn it; misspelt for cell?");
    assertStringIncludes(finding, "no box of cell, nucleus in val: the search's score leaves that out");
    assertStringIncludes(finding, "no box of nucleus in test: the reported AP leaves that out");
  });
});

Deno.test("COCO's layout is shown the same way, unknown splits and clipped boxes included", async () => {
  const coco = (id: number): string =>
    JSON.stringify({
      images: [{ id, file_name: `${id}.png`, width: 400, height: 300 }],
      categories: [{ id: 1, name: "cell" }],
      annotations: [
        { id, image_id: id, category_id: 1, bbox: [10, 10, 50, 60], area: 3000, iscrowd: 0 },
        { id: 100 + id, image_id: id, category_id: 1, bbox: [380, 280, 50, 60], area: 3000, iscrowd: 0 },
      ],
    });
  const files: Record<string, string | Uint8Array> = { "annotations/instances_holdout.json": coco(9) };
  for (const [i, split] of ["train", "val", "test"].entries()) {
    files[`annotations/instances_${split}.json`] = coco(i);
    files[`${split}/${i}.png`] = await png(400, 300, `#${i}05060`);
  }
  await withTree(files, async (path) => {
    const found = await findings(path);
    assertStringIncludes(found.get("splits")?.finding ?? "", "test   1 images  2 boxes");
    assertStringIncludes(found.get("doubts")?.finding ?? "", "splits that nothing uses: holdout");
    const { notes } = await openDetectionData(await configOf("--config", "photos", "--data", path));
    assert(notes.some((note) => note.includes("3 boxes reached past")), notes.join());
  });
});

Deno.test("the contact sheet and the config are written, and the config is one that --config takes", async () => {
  const small = Array.from({ length: 12 }, (_, i): VocObjectText => ({
    name: "cell",
    box: [1 + 30 * i, 1, 12 + 30 * i, 12],
  }));
  const files = await vocFolder({ train: ["1", "2"], val: ["3"], test: ["4"] }, { 1: small, 2: small });
  await withTree(files, async (path) => {
    const config = await configOf("--config", "photos", "--data", path);
    const [contactSheet, writeConfig] = [`${path}/sheet.html`, `${path}/mine.json`];
    const shown = await showData(config, await openDetectionData(config), { contactSheet, writeConfig });
    assertStringIncludes(await Deno.readTextFile(contactSheet), "Smallest boxes");
    const written = await configOf("--config", writeConfig);
    assert(written.detector.anchorScale < config.detector.anchorScale);
    assertEquals(written.detectionData, config.detectionData);
    // The flags that are printed give the same config.
    const advice = shown.find(({ subject }) => subject === "settings")?.advice ?? "";
    const flags = advice.split("--set ").slice(1).flatMap((
      text,
    ) => ["--set", text.trim().replaceAll("'", "")]);
    assertEquals(await configOf("--config", "photos", "--data", path, ...flags), written);
  });
});

Deno.test("settingFlags() quotes for a shell and takes a duration apart", () => {
  const fields = [
    { path: "detector.aspectRatios", value: [0.5, 1] },
    { path: "finetune.duration", value: { steps: 300 } },
  ];
  assertEquals(
    settingFlags(fields),
    "--set 'detector.aspectRatios=[0.5,1]' --set finetune.duration.steps=300",
  );
});

Deno.test("proposedConfig() changes the named fields alone", async () => {
  const config = await configOf("--config", "shapes-tiny");
  const changed = proposedConfig(config, [{ path: "detector.anchorScale", value: 2.5 }]);
  assertEquals(changed, { ...config, detector: { ...config.detector, anchorScale: 2.5 } });
  assertEquals(proposedConfig(config, []), config);
});

Deno.test("the config tree-crowns has its data in the cache, and --data replaces it", async () => {
  const config = await configOf("--config", "tree-crowns");
  assertEquals(config.detectionData, {
    kind: "folder",
    path: treeCrownsFolder(Deno.env) ?? "",
    searchImages: null,
  });
  const own = await configOf("--config", "tree-crowns", "--data", "elsewhere");
  assertEquals(own.detectionData, { kind: "folder", path: "elsewhere", searchImages: null });
});

Deno.test("tree crowns that can't be fetched are told with the reason and what is wanted", async () => {
  await withTree({}, async (cache) => {
    const environment = new Map([["DETNAS_CACHE", cache]]);
    const path = treeCrownsFolder(environment) ?? "";
    const config = { detectionData: { kind: "folder", path, searchImages: null } } as const;
    const { message } = await assertRejects(
      () => ensureTreeCrowns(config, { environment, pythons: ["/no/python"] }),
      Error,
    );
    assertStringIncludes(message, "Cannot fetch the tree crowns: no Python with pip (/no/python: ");
    assertStringIncludes(message, `60 MB of room in ${cache}`);
    // Another folder is the user's own business.
    const own = { detectionData: { ...config.detectionData, path: `${cache}/own` } };
    await ensureTreeCrowns(own, { environment, pythons: ["/no/python"] });
  });
});

Deno.test("withConfig() takes photos for data without a config, and leaves a config or a run alone", () => {
  assertEquals(withConfig(["--data", "DIR"]), ["--config", "photos", "--data", "DIR"]);
  assertEquals(withConfig(["--data=DIR"]), ["--config", "photos", "--data=DIR"]);
  for (const args of [[], ["--config=shapes", "--data", "DIR"], ["--run", "RUN", "--data", "DIR"]]) {
    assertEquals(withConfig(args), args);
  }
});

Deno.test("searchFlags() drops the doctor's own flags, and takes a written config", () => {
  const args = ["--config", "photos", "--data", "DIR", "--contact-sheet", "a.html", "--write-config=b.json"];
  assertEquals(searchFlags(args, null), ["--config", "photos", "--data", "DIR"]);
  assertEquals(searchFlags(args, "b.json"), ["--config", "b.json", "--data", "DIR"]);
});
