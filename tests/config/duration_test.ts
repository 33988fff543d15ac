import { assertEquals, assertThrows } from "@std/assert";
import { durationSteps } from "../../lib/config/duration.ts";

Deno.test("durationSteps() takes steps as they are, whatever the data", () => {
  assertEquals(durationSteps({ steps: 7 }, 0, 8), 7);
});

Deno.test("durationSteps() counts a last part of a batch as a step", () => {
  assertEquals(durationSteps({ epochs: 2 }, 16, 8), 4);
  assertEquals(durationSteps({ epochs: 1 }, 17, 8), 3);
  assertEquals(durationSteps({ epochs: 0.01 }, 8, 8), 1);
});

Deno.test("durationSteps() refuses epochs over no images", () => {
  assertThrows(() => durationSteps({ epochs: 1 }, 0, 8), RangeError, "0 images, batch size 8");
});
