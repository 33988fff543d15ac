/**
 * Reads this folder's committed numbers.
 *
 * @module
 */
import type { CocoLists } from "../../lib/eval/coco_json.ts";

/** A case of `coco_random.json` or `coco_weird.json`, or of the golden files once read together. */
export interface CocoCase {
  readonly name: string;
  readonly annotations: CocoLists;
  readonly detections: readonly unknown[];
  readonly expected: {
    /** The twelve numbers in COCO's order. */
    readonly stats: readonly number[];
    readonly perClass?: Readonly<Record<string, { AP: number; AP50: number; AR100: number }>>;
    /** Precision at recall 0, 0.1, …, 1 and IoU 0.5. */
    readonly curve50OfFirstClass?: readonly number[];
  };
}

/** Parses a file of `tests/fixtures`. */
export async function readFixture<Content>(name: string): Promise<Content> {
  return JSON.parse(await Deno.readTextFile(new URL(`../fixtures/${name}`, import.meta.url)));
}

/** The golden cases, then the random and the weird ones. */
export async function cocoCases(): Promise<CocoCase[]> {
  const golden = [1, 2, 3].map(async (i): Promise<CocoCase> => ({
    name: `golden ${i}`,
    annotations: await readFixture(`coco_${i}.annotations.json`),
    detections: await readFixture(`coco_${i}.detections.json`),
    expected: { stats: await readFixture(`coco_${i}.expected.json`) },
  }));
  const [random, weird] = await Promise.all(
    ["coco_random.json", "coco_weird.json"].map((name) => readFixture<CocoCase[]>(name)),
  );
  return [...await Promise.all(golden), ...random, ...weird];
}
