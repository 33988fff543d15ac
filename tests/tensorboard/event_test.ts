import { assertEquals, assertThrows } from "@std/assert";
import { crc32c } from "../../lib/tensorboard/crc32c.ts";
import {
  imageEvent,
  restartEvent,
  scalarEvent,
  textEvent,
  versionEvent,
} from "../../lib/tensorboard/event.ts";
import { frameRecord, readRecords } from "../../lib/tensorboard/record.ts";

const fixture = new URL("../fixtures/tensorboard.tfevents", import.meta.url);

const events = [
  versionEvent(1_700_000_000_500),
  restartEvent({ wallMs: 1_700_000_000_500, step: 0 }),
  scalarEvent({
    wallMs: 1_700_000_001_250,
    step: 300,
    scalars: { "finetune/loss": 0.1, "finetune/learning_rate": 0 },
  }),
  imageEvent({
    wallMs: 1_700_000_001_500,
    step: 8,
    tag: "detections/finetune/1",
    bytes: Uint8Array.of(0xff, 0xd8, 0xff, 0),
    widthPx: 300,
    heightPx: 48,
  }),
  textEvent({ wallMs: 1_700_000_002_000, step: 0, tag: "winners", text: "| a | µ |" }),
];

Deno.test("events, framed, are the bytes that TensorBoard's own writer makes", async () => {
  const bytes = events.flatMap((event) => [...frameRecord(event)]);
  assertEquals(new Uint8Array(bytes), await Deno.readFile(fixture));
});

Deno.test("readRecords() gives what frameRecord() framed", async () => {
  assertEquals([...readRecords(await Deno.readFile(fixture), "fixture")], events);
  assertEquals([...readRecords(new Uint8Array(), "empty")], []);
});

Deno.test("readRecords() says where a file is damaged or cut", () => {
  const framed = frameRecord(events[0]);
  for (const index of [0, 8, 12, framed.length - 1]) {
    const damaged = framed.slice();
    damaged[index] ^= 1;
    const wanted = `Cannot read a.tfevents at byte 0: ${index === 0 ? "" : "a checksum is wrong"}`;
    assertThrows(() => [...readRecords(damaged, "a.tfevents")], SyntaxError, wanted);
  }
  const two = new Uint8Array([...framed, ...framed.slice(0, -1)]);
  const wanted = `Cannot read b at byte ${framed.length}: the file ends within a record`;
  assertThrows(() => [...readRecords(two, "b")], SyntaxError, wanted);
});

Deno.test("crc32c() gives RFC 3720's examples", () => {
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});
