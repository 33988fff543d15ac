import { assert, assertEquals, assertThrows } from "@std/assert";
import { joinSamples, listOf, sampleList, selectSamples } from "../../lib/data/sample_list.ts";

Deno.test("a list by a rule makes an element at each access and keeps none", () => {
  let made = 0;
  const list = sampleList(1_000_000, (i) => ({ id: i, turn: made++ }));
  assertEquals([list.length, made], [1_000_000, 0]);
  assert(list.at(7) !== list.at(7));
  assertEquals(made, 2);
  for (const { id } of list) if (id === 9) break;
  assertEquals(made, 12);
});

Deno.test("selectSamples() and joinSamples() are views, in order, over empty lists, too", () => {
  const [letters, none] = [listOf(["a", "b", "c"]), listOf<string>([])];
  const some = selectSamples(letters, [2, 0]);
  assertEquals([...some], ["c", "a"]);
  const joined = joinSamples([none, letters, none, some, none]);
  assertEquals([joined.length, ...joined], [5, "a", "b", "c", "c", "a"]);
  assertEquals([0, 1, 2, 3, 4].map((i) => joined.at(i)), [...joined]);
  assertEquals([...joinSamples<string>([])], []);
});

Deno.test("a list refuses an index that it does not have", () => {
  for (const list of [listOf(["a"]), joinSamples([listOf(["a"])]), selectSamples(listOf(["a", "b"]), [1])]) {
    for (const index of [-1, 1, 0.5, NaN]) {
      assertThrows(() => list.at(index), RangeError, `Cannot take sample ${index} of a list of 1`);
    }
  }
});
