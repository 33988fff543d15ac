import { DOMParser } from "linkedom";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { confusionBody } from "../../lib/report/confusion_section.ts";
import { details } from "./records.ts";

const summary = { AP: 0.5, AP50: 0.8, AP75: 0.5, APs: -1, APm: 0.4, APl: 0.6 };

function body(names: readonly string[], counts: readonly (readonly number[])[]): string {
  const all = details(names);
  const confusion = { ...all.confusion, counts };
  return confusionBody([{ title: "E", images: 3, summary, perClass: {}, details: { ...all, confusion } }])
    .source;
}

/** The texts of the nth table's rows. */
function rows(source: string, table: number): string[][] {
  const document = new DOMParser().parseFromString(`<html><body>${source}</body></html>`, "text/html");
  return [...document.querySelectorAll("table")[table].querySelectorAll("tr")].map((row) =>
    [...row.querySelectorAll("th, td")].map((cell) => cell.textContent)
  );
}

Deno.test("the matrix has each count with its share of the true class, and mistakes stand below by number", () => {
  const source = body(["cat", "dog"], [[6, 3, 1], [0, 0, 0], [0, 4, 0]]);
  assertEquals(rows(source, 0), [
    ["Object, detected as", "cat", "dog", "missed"],
    ["cat", "660 %", "330 %", "110 %"],
    ["dog", "0", "0", "0"],
    ["nothing there", "0", "4100 %", ""],
  ]);
  assertEquals(rows(source, 1).slice(1), [
    ["nothing there", "dog", "4", "100.0 %"],
    ["cat", "dog", "3", "30.0 %"],
    ["cat", "missed", "1", "10.0 %"],
  ]);
  assertStringIncludes(source, "score of at least 0.4");
});

Deno.test("of very many classes only the most frequent mistakes are shown, and it is said how many are not", () => {
  const names = Array.from({ length: 30 }, (_, i) => `class ${i}`);
  const counts = [
    ...names.map((_, i) => Array.from({ length: 31 }, (_, j) => j === 30 ? i + 1 : 0)),
    Array(31).fill(0),
  ];
  const source = body(names, counts);
  assert(!source.includes(`class="matrix"`));
  assertEquals(rows(source, 0).length, 26);
  assertEquals(rows(source, 0)[1], ["class 29", "missed", "30", "100.0 %"]);
  assertStringIncludes(source, "5 rarer kinds are in report.json");
});

Deno.test("a detector without a mistake, and an evaluation without a matrix", () => {
  assertStringIncludes(body(["cat"], [[6, 0], [0, 0]]), "None.");
  assertEquals(confusionBody([{ title: "E", images: 3, summary, perClass: {}, details: null }]).source, "");
});
