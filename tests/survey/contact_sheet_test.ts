import { assertEquals, assertStringIncludes } from "@std/assert";
import { DOMParser } from "linkedom";
import { contactPicks } from "../../lib/survey/contact_picks.ts";
import { drawContactSheet } from "../../lib/survey/contact_sheet.ts";
import { findSuspicions } from "../../lib/survey/suspicions.ts";
import { dataOf, sampleOf } from "./planted.ts";

const data = dataOf({
  train: [
    sampleOf("large", [[0, 0, 0, 150, 90]]),
    sampleOf("twice <&>", [[1, 10, 10, 40, 40], [1, 10, 10, 40, 40]]),
    sampleOf("crowded", [[0, 0, 0, 20, 20], [1, 30, 0, 60, 20], [2, 70, 0, 90, 20]]),
  ],
  test: [sampleOf("small", [[2, 50, 50, 56, 56]])],
});
const groups = contactPicks(data, findSuspicions(data, [{ heightPx: 100, widthPx: 200 }]));

function titled(title: string): (typeof groups)[number]["picks"] {
  return groups.find((group) => group.title.startsWith(title))?.picks ?? [];
}

Deno.test("contactPicks() shows all of a small data set, the extremes first of their kind", () => {
  assertEquals(titled("Drawn at random").length, 4);
  assertEquals(titled("Largest boxes")[0], { split: "train", index: 0, marked: [0] });
  assertEquals(titled("Smallest boxes")[0], { split: "test", index: 0, marked: [0] });
  assertEquals(titled("Most crowded")[0], { split: "train", index: 2, marked: [] });
  assertEquals(titled("Suspicious: boxes annotated twice"), [{ split: "train", index: 1, marked: [1] }]);
});

Deno.test("contactPicks() draws the same images each time", () => {
  const many = dataOf({ train: Array.from({ length: 50 }, (_, i) => sampleOf(String(i), [])) });
  const random = (): unknown => contactPicks(many, [])[0];
  assertEquals(random(), random());
});

Deno.test("drawContactSheet() is a page of its own with every picked image and all its boxes", async () => {
  const html = await drawContactSheet(data, groups, { title: "a look", maxImagePixels: 1e6 });
  const document = new DOMParser().parseFromString(html, "text/html");
  const pictures = [...document.querySelectorAll("figure svg")];
  assertEquals(pictures.length, groups.reduce((sum, { picks }) => sum + picks.length, 0));
  for (const image of document.querySelectorAll("svg image")) {
    assertStringIncludes(image.getAttribute("href") ?? "", "data:image/jpeg;base64,");
  }
  const crowded = pictures.find((svg) => svg.getAttribute("aria-label")?.startsWith("crowded"));
  assertEquals(crowded?.querySelectorAll("g").length, 3);
  assertStringIncludes(html, "twice &lt;&amp;&gt;");
  assertEquals(document.querySelectorAll("script").length, 0);
});
