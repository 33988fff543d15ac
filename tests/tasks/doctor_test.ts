import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Config, configSchema } from "../../lib/config/schema.ts";
import { checkText, ok, problem } from "../../tasks/check_result.ts";
import { resolveConfig } from "../../tasks/cli.ts";
import { DataSets } from "../../lib/train/datasets.ts";
import {
  checkDenoVersion,
  checkDisk,
  checkLabelledData,
  checkMemory,
  checkPhotographs,
  checkPlatform,
  checkRunFolder,
  checkThreads,
  testedDeno,
} from "../../tasks/doctor_checks.ts";
import { png, vocXml, withTree } from "../data/temp_tree.ts";

async function tinyConfig(change: Partial<Config> = {}): Promise<Config> {
  const invocation = await resolveConfig("doctor", ["--config", "shapes-tiny", "--threads", "2"]);
  if (invocation.help !== null) throw new TypeError("no help was asked for");
  return configSchema.parse({ ...invocation.config, ...change });
}

const photographs = async (): Promise<Record<string, string | Uint8Array>> => {
  const files: Record<string, string | Uint8Array> = {};
  for (const [i, split] of ["train", "val", "test"].entries()) {
    files[`ImageSets/Main/${split}.txt`] = `${i}\n`;
    files[`JPEGImages/${i}.png`] = await png(40, 30);
    const empty = i === 0 ? [{ name: "cell", box: [5, 5, 5, 5] }] : [];
    const objects = [{ name: "cell", box: [1, 1, 20, 20] }, ...empty];
    files[`Annotations/${i}.xml`] = vocXml({ filename: `${i}.png`, objects });
  }
  return files;
};

Deno.test("checkText() shows status, subject and finding, and advice below the finding", () => {
  assertEquals(checkText(ok("Deno", "2.9.6")), "ok       Deno      2.9.6");
  const text = checkText(problem("boxes", "none\nat all", "name a folder"));
  const indent = " ".repeat(19);
  assertEquals(text, `problem  boxes     none\n${indent}at all\n${indent}do: name a folder`);
});

Deno.test("checkDenoVersion() compares by number", () => {
  assertEquals(checkDenoVersion(testedDeno).status, "ok");
  assertStringIncludes(checkDenoVersion("2.10.0").finding, "newer than");
  assertStringIncludes(checkDenoVersion("2.8.9").finding, "older than");
});

Deno.test("checkPlatform() vouches only for what was run", () => {
  assertEquals(checkPlatform("linux", "x86_64", "cpu").status, "ok");
  assertStringIncludes(checkPlatform("linux", "x86_64", "gpu").finding, "not tested");
  assertStringIncludes(checkPlatform("darwin", "x86_64", "cpu").finding, "no build");
});

Deno.test("checkThreads() and checkMemory() warn of more than there is, and say what fits", () => {
  assertEquals(checkThreads(2, 1, 2).status, "ok");
  assertEquals(checkThreads(4, 2, 6).advice, "--threads 3 is faster");
  assertEquals(checkMemory(8e9, 2).status, "ok");
  assertStringIncludes(checkMemory(7e9, 2).finding, "8.0 GB wanted");
});

Deno.test("checkDisk() looks at the nearest folder that exists, and makes none", async () => {
  await withTree({}, async (folder) => {
    assertMatch((await checkDisk(`${folder}/a/b`)).finding, /\d [MG]B free for /);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  });
});

Deno.test("checkPhotographs() names the layout, counts the splits, lists what is skipped", async () => {
  await withTree(await photographs(), async (path) => {
    const result = await checkPhotographs(
      await tinyConfig({ detectionData: { kind: "folder", path, searchImages: null } }),
      new DataSets(null),
    );
    assertEquals(result.status, "warning");
    assertStringIncludes(
      result.finding,
      `Pascal VOC in ${path}: 1 classes; images: 1 to train, 1 to search, 1 to report`,
    );
    assertStringIncludes(result.finding, "1 annotations are skipped:\n  Annotations/0.xml: object 2 (cell)");
  });
});

Deno.test("the data checks name a folder that is missing, and are no exception", async () => {
  const data = { kind: "folder", path: "/no/such/folder" } as const;
  const photographs = { ...data, searchImages: null };
  const sets = new DataSets(null);
  const config = await tinyConfig({ detectionData: photographs, pretrainData: data });
  for (const result of [await checkPhotographs(config, sets), await checkLabelledData(config, sets)]) {
    assertEquals(result.status, "problem");
    assertStringIncludes(result.finding, "/no/such/folder");
  }
});

Deno.test("checkRunFolder() finds a run of another config and names the field", async () => {
  const config = await tinyConfig();
  await withTree({ "config.json": JSON.stringify({ ...config, seed: 5 }) }, async (folder) => {
    const result = await checkRunFolder(folder, config);
    assertEquals(result.status, "problem");
    assertStringIncludes(result.finding, "made with seed 5, not 1");
    assertStringIncludes((await checkRunFolder(folder, { ...config, seed: 5 })).finding, "goes on");
    assertEquals((await checkRunFolder(`${folder}/new`, config)).finding, `${folder}/new, new`);
  });
});

Deno.test("deno task doctor exits with 1 if something would stop a run, and names it", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-sys=statfs,systemMemoryInfo",
      `--allow-run=python3,python,${Deno.execPath()}`,
      new URL("../../tasks/doctor.ts", import.meta.url).href,
      ...["--config", "photos", "--data", "/no/such/folder"],
    ],
  }).output();
  assertEquals(code, 1);
  assertMatch(
    new TextDecoder().decode(stdout),
    /^problem {2}boxes {5}Cannot open data folder \/no\/such\/folder: /m,
  );
  assertEquals(new TextDecoder().decode(stderr).trim(), "error: 1 of these would stop a run");
});
