import { assert, assertEquals } from "@std/assert";
import type { ImageProblem, ImageToCheck } from "../../lib/data/image_to_check.ts";
import type { IndexStore } from "../../lib/data/data_index.ts";
import { checkChangedImages } from "../../lib/data/image_checks.ts";
import type { ClassificationSample } from "../../lib/data/sample.ts";
import { type SampleList, sampleList } from "../../lib/data/sample_list.ts";
import { withTree } from "./temp_tree.ts";

/** Images of a folder; all are the same file where there are more than files. */
function images(folder: string, count: number, files = count): SampleList<ClassificationSample> {
  return sampleList(count, (i) => {
    return { id: `${i}`, source: { file: `${folder}/${i % files}.jpg` }, classIndex: 0 };
  });
}

/** Counts what it is asked to look at; an empty file is a problem. */
class Checker {
  asked: string[] = [];

  check = async (list: readonly ImageToCheck[]): Promise<ImageProblem[]> => {
    const problems: ImageProblem[] = [];
    for (const { file } of list) {
      this.asked.push(file.replace(/^.*\//, ""));
      if ((await Deno.stat(file)).size === 0) problems.push({ file, reason: `${file} is empty` });
    }
    return problems;
  };

  /** What was asked since the last call. */
  taken(): string[] {
    return this.asked.splice(0);
  }
}

function withImages(
  test: (folder: string, store: IndexStore, checker: Checker) => Promise<void>,
): Promise<void> {
  const files = { "0.jpg": "a", "1.jpg": "b", "2.jpg": "c" };
  return withTree(files, (folder) => test(folder, { dir: `${folder}/cache`, canWrite: true }, new Checker()));
}

Deno.test("checkChangedImages() looks at an image once, and again when it has changed", () =>
  withImages(async (folder, store, checker) => {
    const data = { sets: [{ samples: images(folder, 3) }], version: "1" };
    const run = (maxPixels = 9): Promise<ImageProblem[]> =>
      checkChangedImages(data, { store, maxPixels, check: checker.check });
    assertEquals([await run(), checker.taken()], [[], ["0.jpg", "1.jpg", "2.jpg"]]);
    assertEquals([await run(), checker.taken()], [[], []]);
    await Deno.writeTextFile(`${folder}/1.jpg`, "");
    const problem = { file: `${folder}/1.jpg`, reason: `${folder}/1.jpg is empty` };
    assertEquals([await run(), checker.taken()], [[problem], ["1.jpg"]]);
    assertEquals(
      [await run(), checker.taken()],
      [[problem], ["1.jpg"]],
      "a bad image is never remembered as good",
    );
    await Deno.writeTextFile(`${folder}/1.jpg`, "long");
    assertEquals([await run(), checker.taken()], [[], ["1.jpg"]]);
    assertEquals([await run(8), checker.taken().length], [[], 3], "another limit is another question");
  }));

Deno.test("checkChangedImages() asks anew when an image's annotated size changes", () =>
  withImages(async (folder, store, checker) => {
    const sample = { id: "0", source: { file: `${folder}/0.jpg` }, heightPx: 3, annotations: [] };
    for (const [widthPx, asked] of [[4, 1], [4, 0], [5, 1]]) {
      const sets = [{ samples: sampleList(1, () => ({ ...sample, widthPx })) }];
      await checkChangedImages({ sets, version: null }, { store, maxPixels: 9, check: checker.check });
      assertEquals(checker.taken().length, asked);
    }
  }));

Deno.test("checkChangedImages() keeps nothing without a store or the right to write, and survives a torn record", () =>
  withImages(async (folder, store, checker) => {
    const data = { sets: [{ samples: images(folder, 3) }], version: "1" };
    const run = async (store: IndexStore | null): Promise<number> => {
      await checkChangedImages(data, { store, maxPixels: 9, check: checker.check });
      return checker.taken().length;
    };
    assertEquals([await run(null), await run(null)], [3, 3]);
    const reader = { ...store, canWrite: false };
    assertEquals([await run(reader), await run(reader)], [3, 3]);
    assertEquals([await run(store), await run(reader)], [3, 0]);
    const file = `${store.dir}/images.checked`;
    await Deno.truncate(file, 8 + 3);
    assertEquals(await run(reader), 2);
    assertEquals([await run(store), await run(reader)], [2, 0]);
    await Deno.writeFile(file, crypto.getRandomValues(new Uint8Array(99)));
    assertEquals(await run(reader), 3);
  }));

Deno.test("checkChangedImages() trusts a large unchanged set but for an even draw of its images", () =>
  withImages(async (folder, store, checker) => {
    const count = 40_000;
    const made: number[] = [];
    const samples = images(folder, count, 3);
    const counted = sampleList(count, (i) => (made.push(i), samples.at(i)));
    const run = async (version: string, draw: number): Promise<number[]> => {
      made.length = 0;
      const options = { store, maxPixels: 9, check: checker.check, draw };
      await checkChangedImages({ sets: [{ samples: counted }], version }, options);
      return [...made];
    };
    assertEquals((await run("1", 0)).length, count);
    const [some, others] = [await run("1", 0), await run("1", 500)];
    assertEquals([some.length, new Set(some).size], [16384, 16384]);
    assert(some.some((index, i) => index !== others[i]), "another start looks at others");
    assert([...some, ...others].every((index) => index >= 0 && index < count));
    assert(some.every((index, i) => i === 0 || index - some[i - 1] <= 3), "evenly spread");
    assertEquals((await run("2", 0)).length, count, "another content is looked at as a whole");
  }));

Deno.test("checkChangedImages() tells its progress and looks at no generated image", async () => {
  const source = { generate: () => ({ width: 1, height: 1, data: new Uint8Array(3) }) };
  const samples = sampleList(5000, (i) => ({ id: `${i}`, source, classIndex: 0 }));
  const checker = new Checker();
  const steps: number[][] = [];
  const onProgress = (...step: number[]): number => steps.push(step);
  const options = { store: null, maxPixels: 9, check: checker.check, onProgress };
  assertEquals(await checkChangedImages({ sets: [{ samples }], version: null }, options), []);
  assertEquals(steps, [[4096, 5000], [5000, 5000]]);
  assertEquals(checker.taken(), []);
});
