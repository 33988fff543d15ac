import { assert, assertEquals } from "@std/assert";
import { BeatWatch } from "../../lib/workers/heartbeat.ts";

/** How many ticks a watch waits from now on. */
function ticksLeft(watch: BeatWatch): number {
  let ticks = 1;
  while (!watch.tick()) ticks++;
  return ticks;
}

Deno.test("a worker may take half a minute to its first beat, and five ticks to each next one", () => {
  assertEquals(ticksLeft(new BeatWatch()), 30);
  const watch = new BeatWatch();
  for (let i = 0; i < 3; i++) {
    watch.hear(Uint8Array.of(0));
    for (let tick = 0; tick < 4; tick++) assert(!watch.tick());
  }
  watch.hear(Uint8Array.of(0));
  assertEquals(ticksLeft(watch), 5);
});

Deno.test("text is no beat, and beats are no text", () => {
  const watch = new BeatWatch();
  const text = new TextEncoder().encode("Grüße");
  assertEquals(watch.hear(text), text);
  assertEquals(ticksLeft(watch), 30);
  assertEquals(watch.hear(Uint8Array.of(0, ...text.slice(0, 3), 0, 0, ...text.slice(3))), text);
  assertEquals(ticksLeft(watch), 5);
});
