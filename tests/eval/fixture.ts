/**
 * Reads this folder's committed numbers.
 *
 * @module
 */

/** A case of `coco_random.json`, and of the golden files once read together. */
export interface CocoCase {
  readonly name: string;
  readonly annotations: unknown;
  readonly detections: unknown;
  readonly expected: {
    /** The twelve numbers in COCO's order. */
    readonly stats: readonly number[];
    readonly perClass?: Readonly<Record<string, { readonly AP: number; readonly AP50: number }>>;
    /** Precision at recall 0, 0.1, …, 1 and IoU 0.5. */
    readonly curve50OfFirstClass?: readonly number[];
  };
}

/** Parses a file of `tests/fixtures`. */
export async function readFixture<Content>(name: string): Promise<Content> {
  return JSON.parse(await Deno.readTextFile(new URL(`../fixtures/${name}`, import.meta.url)));
}

/** The golden cases, then the random ones. */
export async function cocoCases(): Promise<CocoCase[]> {
  const golden = [1, 2, 3].map(async (i): Promise<CocoCase> => ({
    name: `golden ${i}`,
    annotations: await readFixture(`coco_${i}.annotations.json`),
    detections: await readFixture(`coco_${i}.detections.json`),
    expected: { stats: await readFixture(`coco_${i}.expected.json`) },
  }));
  return [...await Promise.all(golden), ...await readFixture<CocoCase[]>("coco_random.json")];
}
