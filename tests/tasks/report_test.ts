import { assertEquals, assertThrows } from "@std/assert";
import { parseComparison } from "../../tasks/report.ts";

Deno.test("runs follow --compare in their order, and --out may stand anywhere", () => {
  const wanted = { help: false, runDirs: ["runs/a", "runs/b"], outDir: "tables" };
  assertEquals(parseComparison(["--compare", "runs/a", "runs/b", "--out", "tables"]), wanted);
  assertEquals(parseComparison(["--out=tables", "--compare=runs/a", "runs/b/"]), wanted);
  assertEquals(parseComparison(["--compare", "a"]).outDir, "runs/compare");
});

Deno.test("a folder's name may hold an equals sign, and / stays itself", () => {
  assertEquals(parseComparison(["--compare", "a=b", "/"]).runDirs, ["a=b", "/"]);
});

Deno.test("help needs no run", () => {
  assertEquals(parseComparison(["--compare", "--help"]).help, true);
  assertEquals(parseComparison(["--compare", "-h"]).help, true);
});

Deno.test("an unknown flag is answered with the nearest", () => {
  assertThrows(
    () => parseComparison(["--compare", "a", "--oot", "x"]),
    TypeError,
    "Cannot understand --oot: with --compare there is no such flag; did you mean --out?",
  );
});

Deno.test("no run, or no folder for the tables, says what is wanted", () => {
  assertThrows(
    () => parseComparison(["--compare"]),
    TypeError,
    "wanted --compare RUN..., with at least one run",
  );
  for (
    const args of [["--compare", "a", "--out"], ["--compare", "a", "--out="], ["--out", "--compare", "a"]]
  ) {
    assertThrows(() => parseComparison(args), TypeError, "--out without a value: wanted --out DIR");
  }
});
