import { assert, assertEquals, assertGreater } from "@std/assert";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../lib/engine/platform.ts";
import { png, vocXml } from "../data/temp_tree.ts";
import { runGroup } from "../helpers/worker_group.ts";
import { allExamples, type Example, examplesIn, permissionsOf, promisedLines, runnable } from "./examples.ts";
import { root } from "./documentation.ts";

const examples = await allExamples();
const configFile = join(root, "deno.json");

/** The examples' working folder: some read a folder `photos` in it, some write. */
const folder = await Deno.makeTempDir();
const files = new Map<Example, string>();

Deno.test.beforeAll(async () => {
  for (const [path, content] of Object.entries(await photographs())) {
    await Deno.mkdir(dirname(join(folder, "photos", path)), { recursive: true });
    await Deno.writeFile(join(folder, "photos", path), content);
  }
  for (const [i, example] of examples.entries()) {
    files.set(example, join(folder, `example_${i}.ts`));
    await Deno.writeTextFile(files.get(example)!, runnable(example));
  }
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("the documentation has examples of every entry point", () => {
  const all = examples.map(({ code }) => code).join();
  for (const entry of ["", "/models", "/data", "/train", "/engine", "/fused"]) {
    assert(all.includes(`"@detnas/detnas${entry}"`), entry);
  }
  assertGreater(examples.length, 10);
});

Deno.test("the types of all examples hold", async () => {
  const { code, text } = await deno(
    "check",
    "--quiet",
    "--config",
    configFile,
    ...files.values(),
  );
  assertEquals(code, 0, text);
});

for (const example of examples.filter(({ workers }) => workers === 1)) {
  Deno.test(`the example of ${example.where} prints what it says, with the permissions that it names: ${titleOf(example)}`, async () => {
    const { code, text } = await deno(
      "run",
      "--no-prompt",
      "--no-check",
      "--config",
      configFile,
      ...permissionsOf(example),
      files.get(example)!,
    );
    assertEquals(code, 0, text);
    const promised = promisedLines(example);
    const printed = text.trimEnd().split("\n");
    assertEquals(printed.slice(printed.length - promised.length), promised);
  });
}

for (const example of examples.filter(({ workers }) => workers > 1)) {
  Deno.test(`the example of ${example.where} runs as ${example.workers} workers`, async () => {
    const program = new URL(`file://${files.get(example)}`);
    const flags = ["--no-check", "--config", configFile];
    const { workers } = example;
    const ends = await runGroup({ program, flags, args: [], workers, timeoutMs: 60_000 });
    for (const { code, log } of ends) {
      assertEquals(code, 0, log);
      for (const line of promisedLines(example)) assert(log.includes(line), log);
    }
  });
}

Deno.test("an example's permissions, prints and number of workers are read from it", () => {
  const [one, two] = examplesIn(
    "a.md",
    "```ts\n// deno run --allow-read --allow-env\nconsole.log(1 + 1); // 2\n```\n```sh\nls\n```\n```ts workers=2\n1;\n```\n",
  );
  assertEquals(permissionsOf(one), ["--allow-read", "--allow-env"]);
  assertEquals(promisedLines(one), ["2"]);
  assertEquals([one.workers, two.workers, permissionsOf(two)], [1, 2, []]);
});

/** A folder in Pascal VOC's layout, of two classes: four images to train, one to search, one to report. */
async function photographs(): Promise<Record<string, Uint8Array>> {
  const splits = { train: ["1", "2", "3", "4"], val: ["5"], test: ["6"] };
  const files: Record<string, Uint8Array> = {};
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const [split, ids] of Object.entries(splits)) {
    files[`ImageSets/Main/${split}.txt`] = bytes(ids.join("\n"));
    for (const id of ids) {
      const objects = [{ name: "circle", box: [5, 5, 30, 40] }, { name: "square", box: [40, 10, 60, 30] }];
      files[`JPEGImages/${id}.png`] = await png(96, 64);
      const annotation = { filename: `${id}.png`, width: 96, height: 64, objects };
      files[`Annotations/${id}.xml`] = bytes(vocXml(annotation));
    }
  }
  return files;
}

/** Its first line of substance. */
function titleOf({ code }: Example): string {
  return code.split("\n").find((line) => /^(const|let|await|using|function|async)/.test(line)) ?? "";
}

async function deno(...args: string[]): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1", DETNAS_CACHE: cacheFolder(Deno.env)! }, // else an example would build the kernels once more
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  return { code, text: new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout) };
}
