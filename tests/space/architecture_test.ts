import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  architectureFromKey,
  architectureKey,
  checkArchitecture,
  formatArchitecture,
  parseArchitecture,
} from "../../lib/space/architecture.ts";
import { type SearchSpace, searchSpaces } from "../../lib/space/search_space.ts";

const { small } = searchSpaces;
const winner = [2, 1, 2, 0, 2, 1, 1, 2, 3, 3, 1, 3, 0, 0, 3, 1, 3, 1, 3, 2]; // COCO-FPN-300M

Deno.test("formatArchitecture() groups by stage and parseArchitecture() inverts it", () => {
  const text = "2120|2112|33130031|3132";
  assertEquals(formatArchitecture(small, winner), text);
  assertEquals(parseArchitecture(small, text), winner);
  assertEquals(parseArchitecture(small, text.replaceAll("|", "")), winner);
});

Deno.test("architectureKey() tells architectures apart and is inverted by architectureFromKey()", () => {
  assertEquals(architectureFromKey(architectureKey(winner)), winner);
  assertNotEquals(architectureKey(winner), architectureKey(winner.with(19, 3)));
});

/** Two stages of 2 and 1 blocks, with that many choices. */
function spaceOf(choices: number): SearchSpace {
  const kernels = Array.from({ length: choices }, (_, i) => 2 * i + 1);
  return {
    ...small,
    name: `of ${choices}`,
    choices: kernels.map((kernel) => ({ kind: "shuffle", kernel })),
    stageRepeats: [2, 1],
    stageChannels: [64, 160],
  };
}

Deno.test("keys and texts have one character a choice, for up to 36 of them", () => {
  const space = spaceOf(36);
  const all = Array.from({ length: 36 }, (_, choice) => [choice, 35 - choice, 0]);
  assertEquals(new Set(all.map(architectureKey)).size, 36);
  for (const choices of all) {
    assertEquals(architectureFromKey(architectureKey(choices)), choices);
    assertEquals(parseArchitecture(space, formatArchitecture(space, choices)), choices);
  }
  assertEquals(formatArchitecture(space, [10, 35, 9]), "az|9");
});

Deno.test("parseArchitecture() and checkArchitecture() say which choices the space has", () => {
  const wanted: [number, string, string][] = [
    [1, "3 digits 0", "0"],
    [2, "3 digits from 0 to 1", "a whole number from 0 to 1"],
    [10, "3 digits from 0 to 9", "a whole number from 0 to 9"],
    [12, "3 of 0 to 9 and a to b", "a whole number from 0 to 11"],
  ];
  for (const [count, digits, numbers] of wanted) {
    const space = spaceOf(count);
    const text = `${architectureKey([count])}00`;
    const message =
      `Cannot read architecture "${text}" of search space "of ${count}": it must be ${digits}, in`;
    assertThrows(() => parseArchitecture(space, text), SyntaxError, message);
    const check = (): void => checkArchitecture(space, [0, count, 0]);
    assertThrows(check, RangeError, `each choice must be ${numbers}: choices[1] is ${count}`);
  }
  assertThrows(() => parseArchitecture(spaceOf(36), "A0|0"), SyntaxError, "3 of 0 to 9 and a to z");
});

Deno.test("parseArchitecture() refuses other digits, lengths and groups", () => {
  const wanted = "must be 20 digits from 0 to 3, in groups of 4, 4, 8, 4";
  assertThrows(() => parseArchitecture(small, "2120|2112|33130031|3134"), SyntaxError, wanted);
  assertThrows(() => parseArchitecture(small, "2120|2112|33130031|313"), SyntaxError, wanted);
  assertThrows(() => parseArchitecture(small, ""), SyntaxError, wanted);
  assertThrows(
    () => parseArchitecture(small, "21202|112|33130031|3132"),
    SyntaxError,
    'its groups must be its stages, as in "2120|2112|33130031|3132"',
  );
});

Deno.test("checkArchitecture() names the index and the value that is no choice", () => {
  checkArchitecture(small, winner);
  assertThrows(() => checkArchitecture(small, winner.with(7, 4)), RangeError, "choices[7] is 4");
  assertThrows(() => checkArchitecture(small, winner.with(0, -1)), RangeError, "choices[0] is -1");
  assertThrows(() => checkArchitecture(small, winner.with(2, 1.5)), RangeError, "choices[2] is 1.5");
  assertThrows(
    () => checkArchitecture(small, winner.slice(1)),
    RangeError,
    "must have 20 choices: it has 19",
  );
});
