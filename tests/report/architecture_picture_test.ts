import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { choiceStyles, drawArchitectures } from "../../lib/report/architecture_picture.ts";
import { standalonePicture } from "../../lib/report/standalone_picture.ts";
import { trusted } from "../../lib/report/html.ts";
import { count, space } from "./records.ts";

const row = { title: "Winner", note: "2 M", choices: [0, 1, 2, 3, 3, 3] };

Deno.test("every block of every row is drawn in its choice's colour", () => {
  const { source } = drawArchitectures(space, [row, { ...row, choices: [0, 0, 0, 0, 0, 0] }]);
  assertEquals(count(source, `aria-label="block"`), 12);
  const inLegend = 1;
  assertEquals(choiceStyles.map(({ color }) => count(source, color) - inLegend), [7, 1, 1, 3]);
});

Deno.test("the first block of each stage has stride 2; stages say channels and sides", () => {
  const { source } = drawArchitectures(space, [row]);
  assertEquals(count(source, ", stride 2</title>"), 2);
  assertStringIncludes(source, "16 channels");
  assertStringIncludes(source, "16 × 16 px (1/4)");
  assertStringIncludes(source, "8 × 8 px (1/8)");
});

Deno.test("a space of forty blocks stays within the picture", () => {
  const large = { ...space, stageRepeats: [8, 8, 16, 8], stageChannels: [96, 240, 480, 960] };
  const { source } = drawArchitectures(large, [{
    ...row,
    choices: Array.from({ length: 40 }, (_, i) => i % 4),
  }]);
  const rights = [...source.matchAll(/<rect x="([\d.]+)"[^>]* width="([\d.]+)"/g)].map(([, x, width]) =>
    +x + +width
  );
  assertEquals(rights.filter((right) => right > 1040), []);
});

Deno.test("choices that do not fit the space are refused", () => {
  const short = { ...row, choices: [0] };
  assertThrows(
    () => drawArchitectures(space, [short]),
    RangeError,
    '"Winner": 1 choices, but space "six" has 6 blocks',
  );
  const wrong = { ...row, choices: [0, 1, 2, 4, 0, 0] };
  assertThrows(
    () => drawArchitectures(space, [wrong]),
    RangeError,
    '"Winner": choice 4 of block 3, wanted 0 to 3',
  );
});

Deno.test("a picture becomes a file with title, style and margin", () => {
  const svg = standalonePicture("A <b>", drawArchitectures(space, [row]));
  assertStringIncludes(svg, `viewBox="-12 -12 1064 `);
  assertStringIncludes(svg, "<title>A &lt;b&gt;</title>");
  assertStringIncludes(svg, "prefers-color-scheme: dark");
  assertThrows(
    () => standalonePicture("x", trusted("<svg>")),
    TypeError,
    'Cannot make a file of "x": no size in <svg>',
  );
});
