import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { precisionBody } from "../../lib/report/precision_section.ts";
import type { ReportEvaluation } from "../../lib/report/evaluation_input.ts";
import { count, details } from "./records.ts";

function evaluation(classNames: readonly string[]): ReportEvaluation {
  const summary = { AP: 0.5, AP50: 0.8, AP75: 0.5, APs: -1, APm: 0.4, APl: 0.6 };
  return { title: "E", images: 3, summary, perClass: {}, details: details(classNames) };
}

/** The lines of charts, as points in px. */
function curves(source: string): number[][][] {
  const groups = [...source.matchAll(/<g[^>]*class="curve"[^>]*>(.*?)<\/g>/gs)];
  return groups.map(([, body]) => {
    const path = body.match(/ d="M([^"]*)"/)?.[1] ?? "";
    return path.split("L").map((point) => point.split(",").map(Number));
  });
}

Deno.test("two classes and their mean are drawn at each IoU, and each class alone at both", () => {
  const source = precisionBody([evaluation(["cell", "plate"])]).source;
  assertEquals(curves(source).length, 2 * 3 + 2 * 2);
  assertStringIncludes(source, "mean of all classes");
  assertStringIncludes(source, "AP50 0.800, AP75 0.250");
});

Deno.test("a curve falls where the precision does, from recall 0 to recall 1", () => {
  const [line] = curves(precisionBody([evaluation(["cell"])]).source);
  assertEquals(line.length, 101);
  const [xs, ys] = [line.map(([x]) => x), line.map(([, y]) => y)];
  assert(xs.every((x, i) => i === 0 || x > xs[i - 1]));
  const [top, bottom] = [ys[0], ys[100]]; // precision 1 and 0
  assert(Math.abs(ys[75] - (top + (bottom - top) / 2)) < 0.05, `${ys[75]}`); // precision a half
  assertEquals(ys[76], bottom);
});

Deno.test("a single class has no mean and no picture of its own", () => {
  const source = precisionBody([evaluation(["cell"])]).source;
  assertEquals(curves(source).length, 2);
  assert(!source.includes("mean of all classes") && !source.includes("Class by class"));
});

Deno.test("with more classes than colours a legend of each would say nothing, and their pictures are folded", () => {
  const names = Array.from({ length: 13 }, (_, i) => `class ${i}`);
  const source = precisionBody([evaluation(names)]).source;
  assertEquals(count(source, `class="key"`), 4); // a class, the mean, and the two IoUs
  assert(/<details><summary>13 classes/.test(source));
});

Deno.test("classes without objects are left out, and without any there is no section", () => {
  const some = evaluation(["cell", "plate"]);
  const absent = details(["cell", "plate"]).classes.map((one) => ({
    ...one,
    precision50: null,
    precision75: null,
  }));
  const [cell] = some.details!.classes;
  const mixed = { ...some, details: { ...some.details!, classes: [cell, absent[1]] } };
  assertEquals(curves(precisionBody([mixed]).source).length, 2);
  assertEquals(precisionBody([{ ...some, details: { ...some.details!, classes: absent } }]).source, "");
  assertEquals(precisionBody([{ ...some, details: null }]).source, "");
});
