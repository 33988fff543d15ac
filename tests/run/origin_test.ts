import { assertEquals, assertThrows } from "@std/assert";
import {
  approximationsPath,
  differenceText,
  originDifferences,
  readApproximations,
  recordApproximation,
  refuseDifferences,
} from "../../lib/run/origin.ts";
import { withFolder } from "../helpers/job.ts";

Deno.test("originDifferences() gives the fields that differ, also those that one side lacks", () => {
  assertEquals(originDifferences({ a: 1, b: "x", c: 3 }, { a: 1, b: "y", d: 4 }), [
    { field: "b", was: "x", is: "y" },
    { field: "c", was: 3, is: "absent" },
    { field: "d", was: "absent", is: 4 },
  ]);
  assertEquals(originDifferences({ a: 1 }, { a: 1 }), []);
});

Deno.test("refuseDifferences() names every field with both values, and what goes on all the same", () => {
  refuseDifferences("run/finetune/step-4", []);
  const differences = [{ field: "seed", was: 1, is: 2 }, { field: "threads", was: 2, is: 4 }];
  assertThrows(
    () => refuseDifferences("run/finetune/step-4", differences),
    RangeError,
    "Cannot go on from run/finetune/step-4 as seed was 1 and is now 2; threads was 2 and is now 4: " +
      "the result would be another than without the stop; --approximate goes on all the same, and records it",
  );
});

Deno.test("differenceText() shows the beginning of a SHA-256 only", () => {
  const [was, is] = ["0123456789ab".padEnd(64, "0"), "fedcba987654".padEnd(64, "1")];
  assertEquals(differenceText({ field: "data", was, is }), "data was 0123456789ab… and is now fedcba987654…");
});

Deno.test("recordApproximation() keeps each difference once, whoever says it and whatever tore the last line", () =>
  withFolder(async (dir) => {
    assertEquals(await readApproximations(dir), []);
    const one = { checkpoint: "finetune/step-4", field: "threads", was: 2, is: 4 };
    const other = { checkpoint: "search.sqlite", field: "data", was: "d0", is: "d1" };
    for (const each of [one, other, one]) await recordApproximation(dir, each);
    assertEquals(await readApproximations(dir), [one, other]);

    const text = await Deno.readTextFile(approximationsPath(dir));
    for (let length = 0; length < text.length; length++) {
      await Deno.writeTextFile(approximationsPath(dir), text.slice(0, length));
      for (const each of [one, other]) await recordApproximation(dir, each);
      assertEquals(await readApproximations(dir), [one, other], `cut at ${length}`);
    }
  }));
