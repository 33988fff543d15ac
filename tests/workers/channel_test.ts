import { assert, assertEquals, assertRejects } from "@std/assert";
import { serialize } from "node:v8";
import { type Channel, MAX_FRAME_BYTES, openChannel, readFrames } from "../../lib/workers/channel.ts";

/** A frame as it goes over the wire. */
function frame(body: Uint8Array, length = body.byteLength): Uint8Array {
  const bytes = new Uint8Array(4 + body.byteLength);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.set(body, 4);
  return bytes;
}

function chunked(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  const chunks = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.slice(i * size, (i + 1) * size),
  );
  return ReadableStream.from(chunks);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Two channels that speak to each other. */
function pair(): [Channel, Channel] {
  const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  return [openChannel(back.readable, there.writable), openChannel(there.readable, back.writable)];
}

/** The first messages that a channel gets. */
function received(channel: Channel, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  return new Promise((resolve) =>
    channel.addEventListener("message", (event) => {
      assert(event instanceof MessageEvent);
      if (messages.push(event.data) === count) resolve(messages);
    })
  );
}

const bodies = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(1000).fill(7), Uint8Array.of(9)];

for (const size of [1, 2, 3, 5, 1000, 4096]) {
  Deno.test(`readFrames() finds the frames in chunks of ${size} bytes`, async () => {
    const stream = chunked(joined(...bodies.map((body) => frame(body))), size);
    const frames = await Array.fromAsync(readFrames(stream));
    assertEquals(frames.map((bytes) => [...bytes]), bodies.map((bytes) => [...bytes]));
  });
}

Deno.test("readFrames() of a stream that ends at once gives no frame", async () => {
  assertEquals(await Array.fromAsync(readFrames(chunked(new Uint8Array(0), 1))), []);
});

Deno.test("readFrames() refuses a frame over the limit from its length alone", async () => {
  const stream = chunked(frame(new Uint8Array(8), MAX_FRAME_BYTES + 1), 4);
  await assertRejects(
    () => Array.fromAsync(readFrames(stream)),
    RangeError,
    `Cannot read a message of ${MAX_FRAME_BYTES + 1} bytes: want at most ${MAX_FRAME_BYTES}`,
  );
});

for (const [where, cut] of [["length", 2], ["body", 7], ["body, right after its length", 4]] as const) {
  Deno.test(`readFrames() says so if the stream ends inside a frame's ${where}`, async () => {
    const stream = chunked(joined(frame(Uint8Array.of(1)), frame(new Uint8Array(10)).slice(0, cut)), 3);
    const frames: Uint8Array[] = [];
    await assertRejects(
      async () => {
        for await (const bytes of readFrames(stream)) frames.push(bytes);
      },
      SyntaxError,
      "Cannot read a message as the stream ended inside it",
    );
    assertEquals(frames.length, 1); // what was whole before it has been given out
  });
}

Deno.test("a channel carries plain data and typed arrays both ways, in order", async () => {
  const [here, there] = pair();
  const sent = [
    { choices: [0, 3], score: 0.1 + 0.2, nothing: null, missing: undefined, notANumber: NaN },
    Float32Array.of(1.5, -0, Infinity),
    { nested: { bytes: Uint8Array.of(1, 2, 255), indices: Int32Array.of(-1) } },
    new Map([["a", new Set([1])]]),
  ];
  const arrived = received(there, sent.length);
  const answered = received(here, 1);
  for (const message of sent) here.postMessage(message);
  there.postMessage("answer");
  assertEquals(await arrived, sent);
  assertEquals(await answered, ["answer"]);
  await Promise.all([here.close(), there.close()]);
  await Promise.all([here.closed, there.closed]);
});

Deno.test("a channel is closed when its peer closes, and posting to a peer that is gone is no error", async () => {
  const [here, there] = pair();
  await here.close();
  await there.closed;
  here.postMessage("nobody reads this");
  await there.close();
  await here.closed;
});

Deno.test("a channel that gets garbage rejects with an error that says so", async () => {
  const garbage = frame(new TextEncoder().encode("Segmentation fault"));
  const channel = openChannel(chunked(garbage, 5), new WritableStream());
  await assertRejects(() => channel.closed, SyntaxError, "Cannot read a message: ");
  const text = openChannel(
    chunked(new TextEncoder().encode("hello from a library\n"), 100),
    new WritableStream(),
  );
  await assertRejects(() => text.closed, RangeError, "Cannot read a message of ");
});

Deno.test("a message that was cut short inside its frame is garbage too", async () => {
  const body = new Uint8Array(serialize({ choices: [1, 2, 3] }));
  const channel = openChannel(chunked(frame(body.slice(0, -3)), 100), new WritableStream());
  await assertRejects(() => channel.closed, SyntaxError, "Cannot read a message: ");
});
