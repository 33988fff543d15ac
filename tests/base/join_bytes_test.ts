import { assertEquals } from "@std/assert";
import { joinBytes } from "../../lib/base/join_bytes.ts";

Deno.test("joinBytes() keeps the parts' order, passes over empty ones, and copies", () => {
  const all = Uint8Array.of(9, 1, 2, 9);
  const first = all.subarray(1, 3); // a part of something larger
  const whole = joinBytes([first, new Uint8Array(), Uint8Array.of(3)]);
  all.fill(0);
  assertEquals(whole, Uint8Array.of(1, 2, 3));
  assertEquals(joinBytes([]), new Uint8Array());
});
