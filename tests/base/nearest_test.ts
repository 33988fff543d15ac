import { assertEquals } from "@std/assert";
import { editDistance, nearest } from "../../lib/base/nearest.ts";

Deno.test("editDistance() counts insertions, deletions and substitutions", () => {
  assertEquals(editDistance("kitten", "sitting"), 3);
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("abc", ""), 3);
  assertEquals(editDistance("same", "same"), 0);
  assertEquals(editDistance("ab", "ba"), 2);
});

Deno.test("nearest() gives the nearest candidate, the first of equals, or null for none", () => {
  assertEquals(nearest("finetne", ["pretrain", "finetune", "retrain"]), "finetune");
  assertEquals(nearest("x", ["a", "b"]), "a");
  assertEquals(nearest("x", []), null);
});
