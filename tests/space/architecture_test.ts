import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  architectureFromKey,
  architectureKey,
  checkArchitecture,
  formatArchitecture,
  parseArchitecture,
} from "../../lib/space/architecture.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";

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
