import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readApproximations } from "../../lib/run/origin.ts";
import { runJob, withFolder } from "../helpers/job.ts";

Deno.test("a run goes on with other threads only if it is told to, and all that it hands over says so", () =>
  withFolder(async (folder) => {
    const run = `${folder}/run`;
    const flags = ["--config", "shapes-tiny", "--run", run];
    const first = await runJob("pretrain", [...flags, "--threads", "2"]);
    assertEquals(first.code, 0, first.stderr);
    const checkpoint = await newestCheckpoint(`${run}/pretrain`);

    const refused = await runJob("search", [...flags, "--threads", "1"]);
    assertEquals(refused.code, 1);
    assertStringIncludes(
      refused.stderr,
      `Cannot go on from ${run}/pretrain/${checkpoint} as threads was 2 and is now 1: `,
    );
    assertStringIncludes(refused.stderr, "--approximate goes on all the same, and records it");
    assertEquals(await readApproximations(run), []);

    const told = await runJob("search", [...flags, "--threads", "1", "--approximate"]);
    assertEquals(told.code, 0, told.stderr);
    assertStringIncludes(told.stdout, "approximate: threads was 2 and is now 1: see ");
    assertEquals(await readApproximations(run), [
      { checkpoint: `pretrain/${checkpoint}`, field: "threads", was: 2, is: 1 },
    ]);
    const winners: { approximate?: boolean }[] = JSON.parse(await Deno.readTextFile(`${run}/winners.json`));
    assert(winners.length > 0 && winners.every(({ approximate }) => approximate === true));
    const report = await Deno.readTextFile(`${run}/report.html`);
    assertStringIncludes(report, "<b>Approximate:</b>");
    assertStringIncludes(report, `<li>pretrain/${checkpoint}: threads was 2 and is now 1</li>`);
  }));

async function newestCheckpoint(dir: string): Promise<string> {
  const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  return names.sort((a, b) => Number(a.slice(5)) - Number(b.slice(5))).at(-1)!;
}
