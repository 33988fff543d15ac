/**
 * Messages between processes: length-prefixed frames over a pair of byte streams, each one structured-cloned
 * value, shaped as the endpoint that comlink talks to.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import type { Endpoint } from "comlink";
import { joinBytes } from "../base/join_bytes.ts";

/** The largest frame read: what a broken or hostile peer can make this process allocate. */
export const MAX_FRAME_BYTES = 256 * 1024 * 1024;

/** A message endpoint that ends when its peer does. */
export interface Channel extends Endpoint {
  /** Settles when the peer has closed its end; rejects if a frame cannot be read. */
  readonly closed: Promise<void>;
  /** Ends the outgoing stream, which tells the peer to end. */
  close(): Promise<void>;
}

/**
 * Opens a channel.
 *
 * @param incoming Bytes from the peer; read to its end.
 * @param outgoing Bytes to the peer.
 */
export function openChannel(
  incoming: ReadableStream<Uint8Array>,
  outgoing: WritableStream<Uint8Array>,
): Channel {
  const events = new EventTarget();
  const writer = outgoing.getWriter();
  const closed = (async () => {
    for await (const frame of readFrames(incoming)) {
      events.dispatchEvent(new MessageEvent("message", { data: decodeFrame(frame) }));
    }
  })();
  return {
    closed,
    postMessage(message: unknown): void {
      // A peer that is gone is noticed where its answers stop coming: `closed` settles.
      writer.write(encodeFrame(message)).catch(() => {});
    },
    addEventListener: (type, listener) => events.addEventListener(type, listener),
    removeEventListener: (type, listener) => events.removeEventListener(type, listener),
    start(): void {},
    close: () => writer.close().catch(() => {}), // already broken: the peer is gone
  };
}

function encodeFrame(message: unknown): Uint8Array {
  const body = serialize(message);
  const frame = new Uint8Array(4 + body.byteLength);
  new DataView(frame.buffer).setUint32(0, body.byteLength, true);
  frame.set(body, 4);
  return frame;
}

function decodeFrame(body: Uint8Array): unknown {
  try {
    return deserialize(body);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`Cannot read a message: ${reason}`, { cause });
  }
}

/**
 * Cuts a byte stream into frames: a 4-byte little-endian length, then as many bytes.
 *
 * @throws {RangeError} If a frame is longer than {@linkcode MAX_FRAME_BYTES}.
 * @throws {SyntaxError} If the stream ends inside a frame.
 */
export async function* readFrames(incoming: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffered: Uint8Array[] = [];
  let bufferedBytes = 0;
  const take = (count: number): Uint8Array => {
    const joined = joinBytes(buffered);
    buffered = [joined.subarray(count)];
    bufferedBytes -= count;
    return joined.subarray(0, count);
  };
  let length: number | null = null;
  for await (const chunk of incoming) {
    buffered.push(chunk);
    bufferedBytes += chunk.byteLength;
    while (bufferedBytes >= (length ?? 4)) {
      if (length === null) length = frameLength(take(4));
      else {
        yield take(length);
        length = null;
      }
    }
  }
  if (bufferedBytes > 0 || length !== null) {
    throw new SyntaxError(
      `Cannot read a message as the stream ended inside it: ${bufferedBytes} bytes were left`,
    );
  }
}

function frameLength(header: Uint8Array): number {
  const length = new DataView(header.buffer, header.byteOffset, 4).getUint32(0, true);
  if (length <= MAX_FRAME_BYTES) return length;
  throw new RangeError(`Cannot read a message of ${length} bytes: want at most ${MAX_FRAME_BYTES}`);
}
