import { assertEquals } from "@std/assert";
import { undocumentedPlaces, undocumentedSymbols } from "../../tasks/ok.ts";
import { countsText, testCounts } from "../../tasks/test.ts";

Deno.test("testCounts() reads the last summary, coloured or not", () => {
  const coloured = "ok | 9 passed | 0 failed (1s)\n" +
    "\x1b[0m\x1b[31mFAILED\x1b[0m | 12 passed (3 steps) | 2 failed (1 step) | 4 ignored \x1b[0m\x1b[38;5;245m(8ms)\x1b[0m\n";
  assertEquals(testCounts(coloured), { passed: 12, failed: 2, skipped: 4 });
  assertEquals(testCounts("ok | 1 passed | 0 failed (1s)"), { passed: 1, failed: 0, skipped: 0 });
});

Deno.test("testCounts() gives null where the tests did not come to their end", () => {
  assertEquals(testCounts("error: Type checking failed"), null);
});

Deno.test("countsText() names skipped tests only where there are some", () => {
  assertEquals(countsText({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assertEquals(countsText({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});

Deno.test("undocumentedSymbols() finds declarations, and passes over fields and other rules; undocumentedPlaces() finds fields too", () => {
  const finding = (rule: string, place: string, line: string): string =>
    `error[${rule}]: something\n  --> ${place}\n   | \n12 | ${line}\n   |  ^\n`;
  const output = finding("missing-jsdoc", "a.ts:12:17", "export function f(): void {") +
    finding("missing-jsdoc", "b.ts:12:12", "  readonly x: number;") +
    finding("private-type-ref", "c.ts:12:1", "export type T = Tensor;");
  assertEquals(undocumentedSymbols(output), ["a.ts:12:17"]);
  assertEquals(undocumentedPlaces(output), ["a.ts:12:17", "b.ts:12:12"]);
});
