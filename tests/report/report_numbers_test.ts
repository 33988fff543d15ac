import { assert, assertEquals } from "@std/assert";
import { reportNumbers } from "../../lib/report/report_numbers.ts";
import { candidate, details, input, picture, searchOf } from "./records.ts";

const summary = { AP: 0.43446680079700345, AP50: 0.8, AP75: 0.5, APs: -1, APm: 0.4, APl: 0.6 };
const full = input({
  approximations: ["finetune/step-4: threads was 2 and is now 3"],
  evaluations: [{ title: "E", images: 3, summary, perClass: {}, details: details(["cell"]) }],
  gallery: {
    classNames: ["cell"],
    minScore: 0.4,
    groups: [{ title: "Worst images", pictures: [picture({ title: "a" })] }],
  },
  search: searchOf([candidate({ score: -1 })]),
});

Deno.test("numbers are exact, undefined APs are null, and other values of -1 stay", () => {
  const { evaluations: [one], search } = JSON.parse(reportNumbers(full));
  assertEquals([one.summary.AP, one.summary.APs], [0.43446680079700345, null]);
  assertEquals(one.sizes[2], { name: "large", objects: 0, AP: null, AR100: null });
  assertEquals(one.confusion.counts, [[3, 1], [1, 0]]);
  assertEquals(one.classes[0].precision50.length, 101);
  assertEquals(search.candidates[0].score, -1);
});

Deno.test("an approximate run is marked, pictures are named and their bytes left out", () => {
  const text = reportNumbers(full);
  const { isApproximate, shownImages } = JSON.parse(text);
  assertEquals(isApproximate, true);
  assertEquals(shownImages, [{ title: "Worst images", images: ["a"] }]);
  assert(!text.includes("bytes"));
  assertEquals(JSON.parse(reportNumbers(input({}))).isApproximate, false);
});

Deno.test("the same run gives the same text, also where it has only begun", () => {
  assertEquals(reportNumbers(full), reportNumbers(full));
  assertEquals(JSON.parse(reportNumbers(input({}))).search, null);
});
