import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  type AnchorOptions,
  anchorsPerCell,
  anchorsPerLevel,
  pyramidAnchors,
  pyramidLevels,
} from "../../lib/boxes/anchors.ts";

const square: AnchorOptions = { anchorScale: 4, scalesPerOctave: 1, aspectRatios: [1] };
const retina: AnchorOptions = { anchorScale: 4, scalesPerOctave: 3, aspectRatios: [0.5, 1, 2] };

function assertClose(actual: Float32Array, expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, 1e-4, `entry ${i}`));
}

Deno.test("pyramidAnchors() goes row by row, then column, from the first cell's corner", () => {
  const anchors = pyramidAnchors([3, 3], { heightPx: 16, widthPx: 16 }, square);
  assertEquals([...anchors], [
    ...[-16, -16, 16, 16], // side 4 * 8 = 32, centred on (0, 0)
    ...[-8, -16, 24, 16], //  column 1: x + STRIDE (8)
    ...[-16, -8, 16, 24], //  row 1: y + STRIDE (8)
    ...[-8, -8, 24, 24],
  ]);
});

Deno.test("pyramidAnchors() at a cell: scales in turn, each with all aspect ratios", () => {
  const options = { anchorScale: 4, scalesPerOctave: 2, aspectRatios: [0.25, 1, 4] };
  const anchors = pyramidAnchors([3, 3], { heightPx: 8, widthPx: 8 }, options);
  const root = Math.SQRT2; // the second scale is 2^(1/2)
  assertClose(anchors, [
    ...[-32, -8, 32, 8], //   height / width = 1/4: 32 / sqrt(1/4) = 64 wide, 16 high
    ...[-16, -16, 16, 16],
    ...[-8, -32, 8, 32], //   height / width = 4
    ...[-32 * root, -8 * root, 32 * root, 8 * root],
    ...[-16 * root, -16 * root, 16 * root, 16 * root],
    ...[-8 * root, -32 * root, 8 * root, 32 * root],
  ]);
});

Deno.test("pyramidAnchors() has sides 32..512 at P3..P7, level by level", () => {
  const anchors = pyramidAnchors([3, 7], { heightPx: 8, widthPx: 8 }, square);
  assertEquals(anchors.length, 5 * 4); // one cell a level
  const sides = [0, 1, 2, 3, 4].map((level) => anchors[4 * level + 2] - anchors[4 * level]);
  assertEquals(sides, [32, 64, 128, 256, 512]);
});

Deno.test("pyramidAnchors() of one scale have one area, whatever their shape", () => {
  const anchors = pyramidAnchors([4, 4], { heightPx: 16, widthPx: 16 }, retina);
  assertEquals(anchors.length, 9 * 4);
  for (let i = 0; i < 9; i++) {
    const width = anchors[4 * i + 2] - anchors[4 * i];
    const height = anchors[4 * i + 3] - anchors[4 * i + 1];
    const side = 64 * 2 ** (Math.floor(i / 3) / 3);
    assertAlmostEquals(width * height / side ** 2, 1, 1e-5);
    assertAlmostEquals(height / width, retina.aspectRatios[i % 3], 1e-5);
  }
});

Deno.test("pyramidLevels() halve by rounding up, as padded stride-2 convolutions do", () => {
  const canvas = { heightPx: 250, widthPx: 330 };
  let [height, width] = [250, 330];
  const halved = Array.from(
    { length: 7 },
    () => [height = Math.ceil(height / 2), width = Math.ceil(width / 2)],
  );
  const levels = pyramidLevels([3, 7], canvas);
  assertEquals(levels.map(({ heightCells, widthCells }) => [heightCells, widthCells]), halved.slice(2));
  assertEquals(levels[0], { level: 3, stridePx: 8, heightCells: 32, widthCells: 42 });
});

Deno.test("anchorsPerLevel() counts what pyramidAnchors() makes", () => {
  const canvas = { heightPx: 240, widthPx: 320 };
  const counts = anchorsPerLevel([3, 5], canvas, retina);
  assertEquals(anchorsPerCell(retina), 9);
  assertEquals(counts, [30 * 40 * 9, 15 * 20 * 9, 8 * 10 * 9]);
  assertEquals(pyramidAnchors([3, 5], canvas, retina).length, 4 * (10800 + 2700 + 720));
});

Deno.test("pyramidAnchors() names the option that is out of range", () => {
  const canvas = { heightPx: 8, widthPx: 8 };
  const refuse = (options: Partial<AnchorOptions>, message: string): unknown =>
    assertThrows(() => pyramidAnchors([3, 3], canvas, { ...square, ...options }), RangeError, message);
  refuse({ anchorScale: 0 }, "anchorScale must be > 0: current value is 0");
  refuse({ scalesPerOctave: 1.5 }, "scalesPerOctave must be a whole number >= 1: current value is 1.5");
  refuse({ aspectRatios: [] }, "aspectRatios must be numbers > 0: current value is []");
  refuse({ aspectRatios: [1, -1] }, "current value is [1,-1]");
  assertThrows(() => pyramidLevels([5, 3], canvas), RangeError, "current value is 5,3");
  assertThrows(
    () => pyramidLevels([3, 5], { heightPx: 0, widthPx: 8 }),
    RangeError,
    "heightPx x widthPx is 0 x 8",
  );
});
