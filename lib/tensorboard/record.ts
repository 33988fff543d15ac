/**
 * TensorFlow's record files: length, checksum of the length, data, checksum of the data; numbers are little-endian.
 *
 * @module
 */
import { maskedCrc32c } from "./crc32c.ts";

const lengthBytes = 8;
const checksumBytes = 4;

/** Frames one record. */
export function frameRecord(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(lengthBytes + checksumBytes + data.length + checksumBytes);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(lengthBytes, maskedCrc32c(framed.subarray(0, lengthBytes)), true);
  framed.set(data, lengthBytes + checksumBytes);
  view.setUint32(framed.length - checksumBytes, maskedCrc32c(data), true);
  return framed;
}

/**
 * The records of a file.
 *
 * @param bytes The file's content.
 * @param where The file, for messages.
 * @throws {SyntaxError} If a checksum is wrong or the file ends within a record; names the byte.
 */
export function* readRecords(bytes: Uint8Array, where: string): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < bytes.length;) {
    const start = offset + lengthBytes + checksumBytes;
    const length = start <= bytes.length ? Number(view.getBigUint64(offset, true)) : Infinity;
    const end = start + length;
    if (end + checksumBytes > bytes.length) throw unreadable(where, offset, "the file ends within a record");
    const isWhole = view.getUint32(offset + lengthBytes, true) ===
        maskedCrc32c(bytes.subarray(offset, offset + lengthBytes)) &&
      view.getUint32(end, true) === maskedCrc32c(bytes.subarray(start, end));
    if (!isWhole) throw unreadable(where, offset, "a checksum is wrong");
    yield bytes.subarray(start, end);
    offset = end + checksumBytes;
  }
}

function unreadable(where: string, offset: number, reason: string): SyntaxError {
  return new SyntaxError(`Cannot read ${where} at byte ${offset}: ${reason}`);
}
