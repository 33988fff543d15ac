import { assertEquals, assertRejects } from "@std/assert";
import {
  keepSnapshots,
  listSnapshots,
  readSnapshot,
  type Snapshot,
  writeSnapshot,
} from "../../lib/run/snapshots.ts";
import { withFolder } from "../helpers/job.ts";

function snapshot(stage: string, step: number): Snapshot {
  return {
    stage,
    step,
    note: `${stage}, step ${step}`,
    choices: stage === "search" ? [1, 0] : null,
    classNames: ["a", "b"],
    minScore: 0.3,
    pictures: [{
      id: "val/1",
      bytes: Uint8Array.of(0xff, 0xd8, 255, 0, step),
      drawn: { bytes: Uint8Array.of(0xff, 0xd8, 1), widthPx: 480, heightPx: 360 },
      widthPx: 64,
      heightPx: 48,
      detections: [{ className: "b", score: 0.5, boxXyxy: [1.5, 2, 3, 4] }],
      truths: [{ className: "a", boxXyxy: [0, 0, 10, 10] }],
    }],
  };
}

function names(files: readonly { stage: string; step: number }[]): string[] {
  return files.map(({ stage, step }) => `${stage} ${step}`);
}

Deno.test("readSnapshot() gives what writeSnapshot() was given, in the place of one before", () =>
  withFolder(async (folder) => {
    const dir = `${folder}/detections`;
    await writeSnapshot(dir, { ...snapshot("search", 8), note: "before" });
    await writeSnapshot(dir, snapshot("search", 8));
    const files = await listSnapshots(dir);
    assertEquals(files.length, 1);
    assertEquals(await readSnapshot(files[0]), snapshot("search", 8));
  }));

Deno.test("listSnapshots() follows the job's order, steps as numbers, and leaves other files alone", () =>
  withFolder(async (folder) => {
    assertEquals(await listSnapshots(`${folder}/none`), []);
    for (const stage of ["retrain", "search", "finetune"]) {
      for (const step of [1000, 20]) await writeSnapshot(folder, snapshot(stage, step));
    }
    await Deno.writeTextFile(`${folder}/notes.json`, "mine");
    assertEquals(names(await listSnapshots(folder)), [
      ...["finetune 20", "finetune 1000", "search 20", "search 1000", "retrain 20", "retrain 1000"],
    ]);
  }));

Deno.test("keepSnapshots() removes those of one stage that a condition does not keep", () =>
  withFolder(async (folder) => {
    for (const step of [4, 8, 12]) await writeSnapshot(folder, snapshot("finetune", step));
    await writeSnapshot(folder, snapshot("retrain", 8));
    await keepSnapshots(folder, "finetune", (step) => step <= 4);
    assertEquals(names(await listSnapshots(folder)), ["finetune 4", "retrain 8"]);
  }));

Deno.test("readSnapshot() gives null for one that was removed meanwhile, and names one that can't be read", () =>
  withFolder(async (folder) => {
    const path = `${folder}/retrain-4.json`;
    assertEquals(await readSnapshot({ path }), null);
    await Deno.writeTextFile(path, "{");
    await assertRejects(() => readSnapshot({ path }), SyntaxError, `Cannot read ${path}: `);
    await Deno.writeTextFile(path, "{}");
    await assertRejects(() => readSnapshot({ path }), SyntaxError, "; it may be removed");
  }));
