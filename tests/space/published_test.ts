import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatArchitecture, parseArchitecture } from "../../lib/space/architecture.ts";
import { namedArchitecture, publishedArchitectures, publishedNames } from "../../lib/space/published.ts";
import { authorsChoices, choiceName, type SearchSpace, searchSpaces } from "../../lib/space/search_space.ts";
import golden from "../fixtures/architectures.json" with { type: "json" };

const { small } = searchSpaces;

Deno.test("namedArchitecture() gives the golden architectures of the golden names", () => {
  const found = Object.entries(golden.architectures).filter(([name]) => !name.startsWith("all-"));
  assertEquals(found.length, 7);
  for (const [name, { space, choices }] of found) {
    assertEquals(publishedArchitectures[name.toLowerCase()].space as string, space);
    const home = (searchSpaces as Record<string, SearchSpace>)[space];
    assertEquals(namedArchitecture(home, name.toLowerCase()), choices, name);
  }
});

Deno.test("every published architecture is one of its space", () => {
  for (const name of publishedNames()) {
    const { space, choices, source } = publishedArchitectures[name];
    assertEquals(
      formatArchitecture(searchSpaces[space], namedArchitecture(searchSpaces[space], name)),
      choices,
    );
    assert(source.length > 0);
  }
});

Deno.test("the hand-crafted networks are one block throughout, in every space that has it", () => {
  assertEquals(namedArchitecture(small, "shufflenetv2-20"), new Array(20).fill(0));
  assertEquals(namedArchitecture(searchSpaces["large-1.3G"], "shufflenetv2-40"), new Array(40).fill(0));
  assertEquals(namedArchitecture(searchSpaces["large-3.8G"], "shufflenetv2-40"), new Array(40).fill(0));
  assertEquals(namedArchitecture(searchSpaces["resnet-50"], "resnet-50").length, 16);
  assertEquals(namedArchitecture(searchSpaces["resnet-101"], "resnet-101").length, 33);
});

Deno.test("namedArchitecture() carries a published one over by its blocks, whatever their numbers", () => {
  const reversed = {
    ...small,
    name: "mine",
    choices: [{ kind: "bottleneck" } as const, ...authorsChoices.toReversed()],
  };
  const blocks = (space: SearchSpace): string[] =>
    namedArchitecture(space, "coco-fpn-300m").map((choice) => choiceName(space.choices[choice]));
  assertEquals(blocks(reversed), blocks(small));
});

Deno.test("namedArchitecture() reads choices", () => {
  const text = "2120|2112|33130031|3132";
  assertEquals(namedArchitecture(small, text), parseArchitecture(small, text));
  assertEquals(namedArchitecture(small, text.replaceAll("|", "")), namedArchitecture(small, "coco-fpn-300m"));
  const wide = {
    ...small,
    choices: Array.from({ length: 12 }, (_, i) => ({ kind: "shuffle", kernel: 2 * i + 1 }) as const),
  };
  assertEquals(namedArchitecture(wide, "bbbb|0000|00000000|000a").slice(-2), [0, 10]);
  assertThrows(
    () => namedArchitecture(small, "2120|2112|33130031|3134"),
    SyntaxError,
    "20 digits from 0 to 3",
  );
  assertThrows(() => namedArchitecture(small, "2120"), SyntaxError, "20 digits from 0 to 3");
});

Deno.test("namedArchitecture() suggests the nearest name", () => {
  const message =
    'Cannot find architecture "coco-fpn-30m": it must be 4, 4, 8, 4 choices parted by "|", or one of coco-fpn-300m';
  assertThrows(() => namedArchitecture(small, "coco-fpn-30m"), RangeError, message);
  assertThrows(() => namedArchitecture(small, "coco-fpn-30m"), RangeError, "did you mean coco-fpn-300m?");
  assertThrows(() => namedArchitecture(small, "resnet50"), RangeError, "did you mean resnet-50?");
  for (const text of ["toString", "__proto__", ""]) {
    assertThrows(() => namedArchitecture(small, text), RangeError, `Cannot find architecture "${text}"`);
  }
});

Deno.test("namedArchitecture() refuses one whose stages or blocks the space lacks", () => {
  assertThrows(
    () => namedArchitecture(small, "coco-fpn-1.3g"),
    RangeError,
    'Cannot use architecture "coco-fpn-1.3g" in search space "small" as its stages have 8, 8, 16, 8 blocks: ' +
      "the space's have 4, 4, 8, 4",
  );
  assertThrows(
    () => namedArchitecture({ ...small, choices: authorsChoices.slice(0, 3) }, "coco-fpn-300m"),
    RangeError,
    'in search space "small" as it has xception 3x3 blocks: the space chooses from shuffle 3x3, shuffle 5x5, shuffle 7x7',
  );
});
