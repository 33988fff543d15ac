import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type JsonSource, listEntries, objectFields, rootList } from "../../lib/eval/json_source.ts";

function source(text: string): JsonSource {
  return { bytes: new TextEncoder().encode(text), file: "a.json" };
}

function entries(text: string): unknown[] {
  const list = source(text);
  return [...listEntries(list, rootList(list, "a list"), "results")];
}

function messageOf(text: string): string {
  return assertThrows(() => entries(text), SyntaxError).message;
}

Deno.test("listEntries() gives what JSON.parse gives, whatever the spaces and the nesting", () => {
  const values = [{ a: [1, { b: ']}\\",' }] }, [], {}, "x,y", -1.5e-3, null, true, [[["é✓𝄞"]]], ""];
  for (const indent of [undefined, 2, "\t"]) {
    assertEquals(entries(` \r\n${JSON.stringify(values, null, indent)}\n`), values);
  }
  assertEquals(entries(`\ufeff[ ]`), []);
});

Deno.test("listEntries() gives entries of many batches in their order", () => {
  const values = Array.from({ length: 20_000 }, (_, i) => ({ i, text: "x".repeat(i % 50) }));
  assert(JSON.stringify(values).length > 5 * 2 ** 16);
  assertEquals(entries(JSON.stringify(values)), values);
});

Deno.test("objectFields() finds fields in any order, and the last of two of one name", () => {
  const file = source(`{"info": {"images": [9]}, "b\\u0041" : [1, 2] , "c":[], "c": [3]}`);
  const fields = objectFields(file, "an object");
  assertEquals([...fields.keys()], ["info", "bA", "c"]);
  const list = (name: string): unknown[] => {
    const span = fields.get(name);
    return span === undefined ? [] : [...listEntries(file, span, name)];
  };
  assertEquals([list("bA"), list("c")], [[1, 2], [3]]);
  assertThrows(() => list("info"), SyntaxError, 'Cannot read a.json: info is {"images": [9]}, wanted a list');
  assertEquals(objectFields(source("{}"), "an object").size, 0);
});

Deno.test("a number that JSON has not is named with its entry, line and column", () => {
  const text = `[{"bbox": [1, 2, 3, 4]},\n {"note": "NaN", "bbox": [1, NaN, 3, 4]}]`;
  const message = messageOf(text);
  assertStringIncludes(message, "Cannot read a.json: line 2, column 30: results[1].bbox holds NaN (");
  assertEquals(text.split("\n")[1].slice(29, 32), "NaN");
  assertStringIncludes(message, '"NaN", "bbox": [1, NaN, 3, 4]}), wanted finite numbers');
  assertStringIncludes(messageOf(`[1, -Infinity]`), "line 1, column 5: results[1] holds -Infinity");
});

Deno.test("the entry of a late batch is named as well", () => {
  const values = Array.from({ length: 20_000 }, (_, i) => `{"i":${i === 15_432 ? "NaN" : i}}`);
  assertStringIncludes(messageOf(`[${values.join(",")}]`), "results[15432].i holds NaN");
});

Deno.test("a file that is cut off, empty, or no JSON is refused with the place", () => {
  assertEquals(messageOf(""), "Cannot read a.json: it is empty, wanted a list");
  assertEquals(messageOf(`{"a": 1}`), 'Cannot read a.json: the file is {"a": 1}, wanted a list');
  assertEquals(
    messageOf(`[{"a": 1},\n{"a"`),
    "Cannot read a.json: line 2, column 5: the file ends before what it began is closed: is it cut off?",
  );
  assertStringIncludes(messageOf(`[1] [2]`), "line 1, column 5: something follows the end");
  assertStringIncludes(
    messageOf(`[1 2]`),
    "line 1, column 4: it is no JSON: 2] stands where , or ] is wanted",
  );
  assertStringIncludes(messageOf(`[1, 2, oops]`), "line 1, column 8: results[2] is no JSON: oops");
  assertStringIncludes(messageOf(`[{"a" 1}]`), 'line 1, column 2: results[0] is no JSON: {"a" 1}');
  for (const text of ["[1,]", "[1,,2]", "[,]", "[{]", "[1}"]) messageOf(text);
});

Deno.test("an object that is no JSON is refused with the place", () => {
  const refuse = (text: string, message: string): unknown =>
    assertThrows(() => objectFields(source(text), "an object"), SyntaxError, message);
  refuse("[1]", "Cannot read a.json: the file is [1], wanted an object");
  refuse(`{"a" [1]}`, "column 6: it is no JSON: [1]} stands where : is wanted");
  refuse(`{"a": 1 "b": 2}`, "column 9");
  refuse(`{a: 1}`, "a field's name is no JSON: a");
  refuse(`{"a": 1,}`, "column 8: it is no JSON: nothing follows a comma");
});
