import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { galleryBody } from "../../lib/report/gallery_section.ts";
import { count, picture } from "./records.ts";

const box = { className: "cat", boxXyxy: [1, 2, 30, 40] as [number, number, number, number] };

Deno.test("photographs stand under their groups' headings, with how each fared", () => {
  const outcome = { id: "a.png", AP: 0.25, objects: 3, found: 2, spurious: 1 };
  const none = { id: "b.png", AP: -1, objects: 0, found: 0, spurious: 0 };
  const source = galleryBody({
    classNames: ["cat"],
    minScore: 0.4,
    groups: [
      { title: "Worst images", pictures: [picture({ outcome })] },
      { title: "Best images", pictures: [] },
      { title: "Others", pictures: [picture({ title: "b.png", outcome: none })] },
    ],
  }).source;
  assertEquals([...source.matchAll(/<h3>([^<]*)/g)].map(([, title]) => title), ["Worst images", "Others"]);
  assertStringIncludes(source, "AP 0.250: 2 of 3 objects found, 1 wrong detection<");
  assertStringIncludes(source, "AP –: 0 of 0 objects found, 0 wrong detections<");
  assertEquals(count(source, "ground truth"), 2); // in the sentence and in the legend
});

Deno.test("where it is not known how a photograph fared, boxes are counted", () => {
  const pictures = [picture({ detections: [{ ...box, score: 0.9 }, { ...box, score: 0.1 }], truths: [box] })];
  const source =
    galleryBody({ classNames: ["cat"], minScore: 0.4, groups: [{ title: "T", pictures }] }).source;
  assertStringIncludes(source, "1 detection, 1 true box<");
});

Deno.test("without photographs there is no section", () => {
  assertEquals(galleryBody(null).source, "");
  assert(galleryBody({ classNames: [], minScore: 0.4, groups: [] }).source === "");
});
