import { assertEquals } from "@std/assert";
import { MessageWriter, readFields } from "../../lib/base/protobuf.ts";

Deno.test("MessageWriter writes the bytes of the format's documentation", () => {
  // protobuf.dev, "Encoding": a varint of 150 in field 1, "testing" in field 2, and the first inside field 3.
  const inner = new MessageWriter().number(1, 150);
  assertEquals([...inner.bytes()], [0x08, 0x96, 0x01]);
  assertEquals(
    [...new MessageWriter().field(2, "testing").bytes()],
    [0x12, 0x07, ...new TextEncoder().encode("testing")],
  );
  assertEquals([...new MessageWriter().field(3, inner).bytes()], [0x1a, 0x03, 0x08, 0x96, 0x01]);
  assertEquals([...new MessageWriter().float(1, 1).bytes()], [0x0d, 0, 0, 0x80, 0x3f]);
});

Deno.test("readFields() reads what MessageWriter writes, of any length, and passes over floats", () => {
  const long = new Uint8Array(70_000).fill(7);
  const message = new MessageWriter().number(5, 2 ** 40).float(6, 0.5).field(16, long).field(17, "");
  assertEquals([...readFields(message.bytes())], [[5, 2 ** 40], [16, long], [17, new Uint8Array()]]);
});
