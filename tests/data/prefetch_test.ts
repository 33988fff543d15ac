import { assertEquals, assertRejects } from "@std/assert";
import { ImageCache } from "../../lib/data/image_cache.ts";
import { Prefetch } from "../../lib/data/prefetch.ts";
import type { RgbImage } from "../../lib/data/sample.ts";

Deno.test("Prefetch starts the next few once and stops at the end", async () => {
  const started: number[] = [];
  const make = (i: number): Promise<number> => {
    started.push(i);
    return Promise.resolve(i * i);
  };
  const ahead = new Prefetch(make, 2, 5);
  assertEquals(await ahead.get(0), 0);
  assertEquals(started, [0, 1, 2]);
  assertEquals(await ahead.get(1), 1);
  assertEquals(started, [0, 1, 2, 3]);
  assertEquals([await ahead.get(2), await ahead.get(3), await ahead.get(4)], [4, 9, 16]);
  assertEquals(started, [0, 1, 2, 3, 4]);
  assertEquals(await ahead.get(0), 0); // going back makes it again
  assertEquals(started, [0, 1, 2, 3, 4, 0, 1, 2]);
});

Deno.test("Prefetch gives a failure to who asks for it, and to no one else", async () => {
  const make = (i: number): Promise<number> =>
    i === 1 ? Promise.reject(new RangeError("one")) : Promise.resolve(i);
  const ahead = new Prefetch(make, 1);
  assertEquals(await ahead.get(0), 0);
  await assertRejects(() => ahead.get(1), RangeError, "one");
  assertEquals(await ahead.get(2), 2);
});

Deno.test("ImageCache keeps what fits and makes the rest anew", async () => {
  const made: string[] = [];
  const cache = new ImageCache(25);
  const get = (key: string): Promise<RgbImage> =>
    cache.get(key, () => {
      made.push(key);
      return Promise.resolve({ width: 2, height: 2, data: new Uint8Array(12) });
    });
  for (const key of ["a", "b", "c", "a", "b", "c"]) await get(key);
  assertEquals(made, ["a", "b", "c", "c"]);
  assertEquals(cache.bytes, 24);
  await Promise.all([cache.clear(), get("a")]);
  assertEquals([made.length, cache.bytes], [5, 12]);
});
