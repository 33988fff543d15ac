import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { drawArchitectures } from "../../lib/report/architecture_picture.ts";
import { choiceStyle } from "../../lib/report/choice_style.ts";
import { standalonePicture } from "../../lib/report/standalone_picture.ts";
import { trusted } from "../../lib/report/html.ts";
import type { ReportSpace } from "../../lib/report/report_input.ts";
import { count, space } from "./records.ts";

const row = { title: "Winner", note: "2 M", choices: [0, 1, 2, 3, 3, 3] };

/** Indices of the blocks that are marked to have stride 2. */
function stridedBlocks(source: string): number[] {
  return [...source.matchAll(/<title>Block (\d+): [^<]*, stride 2<\/title>/g)].map(([, index]) => +index);
}

Deno.test("every block of every row is drawn in its choice's colour", () => {
  const { source } = drawArchitectures(space, [row, { ...row, choices: [0, 0, 0, 0, 0, 0] }]);
  assertEquals(count(source, `aria-label="block"`), 12);
  const inLegend = 1;
  assertEquals(space.choices.map(choiceStyle).map(({ color }) => count(source, color) - inLegend), [
    7,
    1,
    1,
    3,
  ]);
});

Deno.test("the first block of each stage has stride 2; stages say channels and sides", () => {
  const { source } = drawArchitectures(space, [row]);
  assertEquals(stridedBlocks(source), [0, 2]);
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

Deno.test("a ResNet has its own stem, which halves twice, so that its first stage does not", () => {
  const resnet: ReportSpace = {
    ...space,
    choices: [{ kind: "bottleneck" }],
    stem: "resnet",
    stageRepeats: [3, 4, 6, 3],
    stageChannels: [256, 512, 1024, 2048],
  };
  const { source } = drawArchitectures(resnet, [{ ...row, choices: Array(16).fill(0) }]);
  assertEquals(stridedBlocks(source), [3, 7, 13]);
  assertStringIncludes(source, "7 × 7 convolution, stride 2, and 3 × 3 max-pool");
  assertStringIncludes(source, `y="44" opacity="0.75">16 px</text>`); // the stem's output of 64 px
  assertStringIncludes(source, "16 × 16 px (1/4)");
  assertEquals(count(source, ">B</text>"), 16 + 1); // and in the legend
});

Deno.test("a narrow stage says its side and channels in short", () => {
  const narrow = { ...space, stageRepeats: [1, 5] };
  const { source } = drawArchitectures(narrow, [row]);
  assertStringIncludes(source, ">16 px, 1/4</text>");
  assertStringIncludes(source, ">16 ch</text>");
  assertStringIncludes(source, ">32 channels</text>");
});

Deno.test("a legend of many choices goes on in further lines, inside the picture", () => {
  const kernels = [1, 3, 5, 7, 9, 11, 13];
  const wide: ReportSpace = { ...space, choices: kernels.map((kernel) => ({ kind: "shuffle", kernel })) };
  const { source } = drawArchitectures(wide, [row]);
  const height = Number(source.match(/viewBox="0 0 1040 (\d+)"/)?.[1]);
  const bottoms = [...source.matchAll(/<text x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => +y);
  assertEquals(bottoms.filter((y) => y > height - 4), []);
  for (const kernel of kernels) assertStringIncludes(source, `>ShuffleNet ${kernel}×${kernel}</text>`);
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
