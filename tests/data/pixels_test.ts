import { assertAlmostEquals, assertEquals } from "@std/assert";
import { blendWithGrey, blendWithLevel, meanGrey, tapsSum, weightedSums } from "../../lib/data/pixels.ts";

Deno.test("pixels.wasm was built from pixels.as as it is", async () => {
  const read = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    Deno.readFile(new URL(`../../lib/data/${name}`, import.meta.url));
  const module = await WebAssembly.compile(await read("pixels.wasm"));
  const [hash] = WebAssembly.Module.customSections(module, "source");
  assertEquals(
    new Uint8Array(hash),
    new Uint8Array(await crypto.subtle.digest("SHA-256", await read("pixels.as"))),
  );
});

Deno.test("weightedSums() picks, averages and rounds, with an odd number of taps", () => {
  const rows = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70, 80); // three pixels
  const one = { first: Int32Array.of(0), weights: Int16Array.of(tapsSum, 0), pairs: 1 };
  const third = Math.floor(tapsSum / 3);
  const all = { first: Int32Array.of(0), weights: Int16Array.of(third, third + 1, third, 0), pairs: 2 };
  assertEquals([...weightedSums(rows, 3, all, one)], [30, 40, 50]);
  const last = { first: Int32Array.of(2, 0), weights: Int16Array.of(tapsSum, 0, tapsSum, 0), pairs: 1 };
  assertEquals([...weightedSums(rows, 3, last, one)], [60, 70, 80, 0, 10, 20]);
  const half = { first: Int32Array.of(0), weights: Int16Array.of(tapsSum / 2, tapsSum / 2), pairs: 1 };
  assertEquals([...weightedSums(Uint8Array.of(0, 1, 255, 1, 2, 255), 1, one, half)], [1, 2, 255]); // halves go up
});

Deno.test("blends clip at both ends, and leave no byte out, however many there are", () => {
  for (const pixels of [1, 3, 4, 5, 17]) {
    const bright = new Uint8Array(pixels * 3).fill(200);
    blendWithLevel(bright, 1.5, 0);
    assertEquals([...new Set(bright)], [255]);
    const dark = new Uint8Array(pixels * 3).fill(10);
    blendWithLevel(dark, 2, 250); // 20 - 250
    assertEquals([...new Set(dark)], [0]);
    const red = Uint8Array.from({ length: pixels * 3 }, (_, i) => i % 3 === 0 ? 200 : 0);
    assertAlmostEquals(meanGrey(red), 59, 1e-9); // 0.2989 of 200, truncated
    blendWithGrey(red, 0);
    assertEquals([...new Set(red)], [59]);
  }
});
