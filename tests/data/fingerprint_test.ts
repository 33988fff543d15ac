import { assertEquals, assertNotEquals } from "@std/assert";
import { dataFingerprint } from "../../lib/data/fingerprint.ts";
import type { ClassificationSet, DetectionSample, DetectionSet } from "../../lib/data/sample.ts";
import { listOf } from "../../lib/data/sample_list.ts";

const sample: DetectionSample = {
  id: "1",
  source: { file: "data/1.jpg" },
  widthPx: 64,
  heightPx: 48,
  annotations: [{ boxXyxy: [1, 2, 30, 40], classIndex: 0, isCrowd: false, isDifficult: false, areaPx: 1102 }],
};
const [annotation] = sample.annotations;
const second = { ...sample, id: "2" };

function setOf(...samples: DetectionSample[]): DetectionSet {
  return { name: "train", classes: ["cell", "platelet"], samples: listOf(samples), skipped: [] };
}

Deno.test("dataFingerprint() is the same for the same content, wherever it lies and whatever it is called", () => {
  const moved = { ...sample, source: { file: "elsewhere/1.jpg" } };
  assertEquals(
    dataFingerprint({ ...setOf(moved, second), name: "val" }),
    dataFingerprint(setOf(sample, second)),
  );
});

Deno.test("dataFingerprint() changes with every id, size, label, box, order and class", () => {
  const annotated = (change: Partial<typeof annotation>): DetectionSample => ({
    ...sample,
    annotations: [{ ...annotation, ...change }],
  });
  const others = [
    setOf(second, sample),
    setOf(sample),
    setOf(sample, second, second),
    { ...setOf(sample, second), classes: ["platelet", "cell"] },
    ...[
      { ...sample, id: "3" },
      { ...sample, widthPx: 65 },
      { ...sample, heightPx: 49 },
      { ...sample, annotations: [] },
      { ...sample, annotations: [annotation, annotation] },
      annotated({ boxXyxy: [1, 2, 30, 40.5] }),
      annotated({ classIndex: 1 }),
      annotated({ isCrowd: true }),
      annotated({ isDifficult: true }),
      annotated({ areaPx: 1103 }),
    ].map((changed) => setOf(changed, second)),
  ];
  const all = [setOf(sample, second), ...others].map((set) => dataFingerprint(set));
  assertEquals(new Set(all).size, all.length);
});

Deno.test("dataFingerprint() of images with labels changes with a label, and of two sets with their order", () => {
  const labelled = (...labels: number[]): ClassificationSet => ({
    name: "train",
    classes: ["a", "b"],
    samples: listOf(labels.map((classIndex, i) => ({ id: `${i}`, source: { file: "x" }, classIndex }))),
  });
  const [one, other] = [labelled(0, 1), labelled(1, 1)];
  assertNotEquals(dataFingerprint(one), dataFingerprint(other));
  assertNotEquals(dataFingerprint(one, other), dataFingerprint(other, one));
});

Deno.test("dataFingerprint() takes in every one of many samples", () => {
  const many = Array.from({ length: 3000 }, (_, i) => ({ ...sample, id: `${i}` }));
  const wanted = dataFingerprint(setOf(...many));
  for (const i of [0, 1499, 2999]) {
    assertNotEquals(dataFingerprint(setOf(...many.with(i, { ...sample, id: "other" }))), wanted);
  }
});
