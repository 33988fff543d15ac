/** What commands say before they start anything. The engine's path is wrong on purpose: to look for it is an error. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { openRun, type Stage } from "../../lib/run/run_folder.ts";
import { resolveConfig } from "../../tasks/cli.ts";
import { withTree } from "../data/temp_tree.ts";

async function runCommand(
  name: string,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      new URL(`../../tasks/${name}.ts`, import.meta.url).href,
      ...args,
    ],
    env: { DETNAS_LIBTENSORFLOW: "/no/such/library", NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

/** Makes a tiny run of which some stages are finished. */
async function makeRun(dir: string, finished: readonly Stage[]): Promise<void> {
  const invocation = await resolveConfig("search", ["--config", "shapes-tiny", "--run", dir]);
  assert(invocation.help === null);
  await using run = await openRun(dir, invocation.config);
  for (const stage of finished) await run.finishStage(stage, { steps: 12 });
}

Deno.test("deno task search on a finished run names its files and ends without the engine", async () => {
  await withTree({}, async (folder) => {
    const dir = `${folder}/run`;
    await makeRun(dir, ["pretrain", "finetune", "search", "retrain", "evaluate", "report"]);
    const { code, out, err } = await runCommand("search", "--run", dir);
    assertEquals([code, err], [0, ""]);
    assertMatch(
      out,
      /^Nothing is left to do in .*, finished:\n {2}pretrain {2}\d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    );
    for (const file of ["pretrain/step-12", "winners.json", "report.html"]) {
      assertStringIncludes(out, `${dir}/${file}`);
    }
  });
});

Deno.test("a stage's command on a finished stage names what comes next", async () => {
  await withTree({}, async (folder) => {
    const dir = `${folder}/run`;
    await makeRun(dir, ["pretrain"]);
    const { code, out } = await runCommand("pretrain", "--run", dir);
    assertEquals(code, 0);
    assertStringIncludes(out, `next: deno task finetune --run ${dir}\n`);
  });
});

Deno.test("a stage's command says which stage it waits for", async () => {
  await withTree({}, async (folder) => {
    const dir = `${folder}/run`;
    await makeRun(dir, ["pretrain"]);
    const { code, err } = await runCommand("retrain", "--run", dir);
    assertEquals(code, 1);
    const wanted = `run deno task search --run ${dir} first`;
    assertEquals(err, `error: Cannot go on in ${dir} as stage search is not finished: ${wanted}\n`);
  });
});

for (const command of ["finetune", "retrain", "evaluate", "report"]) {
  Deno.test(`deno task ${command} starts no run of its own`, async () => {
    await withTree({}, async (folder) => {
      const dir = `${folder}/run`;
      const { code, err } = await runCommand(command, "--config", "shapes-tiny", "--run", dir);
      const wanted = "there is no run: start one with deno task search";
      assertEquals([code, err], [1, `error: Cannot go on in ${dir} as ${wanted}\n`]);
      assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
    });
  });
}

Deno.test("deno task search leaves no folder where the engine can't be had", async () => {
  await withTree({}, async (folder) => {
    const { code, err } = await runCommand("search", "--config", "shapes-tiny", "--run", `${folder}/run`);
    assertEquals(code, 1);
    assertStringIncludes(err, "error: Cannot find libtensorflow: DETNAS_LIBTENSORFLOW is /no/such/library");
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  });
});

Deno.test("a command without --dashboard has no network left", async () => {
  await withTree({}, async (folder) => {
    await makeRun(`${folder}/run`, ["pretrain", "finetune", "search", "retrain", "evaluate", "report"]);
    const from = (name: string): string => new URL(`../../tasks/${name}.ts`, import.meta.url).href;
    await Deno.writeTextFile(
      `${folder}/script.ts`,
      `import { main } from "${from("search")}";
import { Stopping } from "${from("stopping")}";
import { TextOutput } from "${from("text_output")}";
const state = async () => (await Deno.permissions.query({ name: "net", host: "127.0.0.1" })).state;
console.error(await state());
await main(["--run", "${folder}/run"], new Stopping(() => {}), new TextOutput());
console.error(await state());`,
    );
    const permissions = ["--allow-read", "--allow-write", "--allow-env", "--allow-net=127.0.0.1"];
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--config", config, ...permissions, `${folder}/script.ts`],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "granted\nprompt\n");
  });
});
