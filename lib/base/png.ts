/**
 * Writing PNG (ISO/IEC 15948) without native code, for processes that may not load any.
 *
 * @module
 */
import { crc32, deflateSync } from "node:zlib";

/** Pixels of an image. */
export interface RgbImage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** `[heightPx, widthPx, 3]`, 0..255, sRGB. */
  readonly rgb: Uint8Array;
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Eight bits a channel, colour type 2 (RGB), the only compression, the only set of filters, not interlaced. */
const format = [8, 2, 0, 0, 0];

/**
 * Encodes an image.
 *
 * @returns The file.
 * @throws {RangeError} If the pixels are not as many as the sides say, or there are none.
 */
export function encodePng({ widthPx, heightPx, rgb }: RgbImage): Uint8Array<ArrayBuffer> {
  if (rgb.length !== 3 * widthPx * heightPx || rgb.length === 0) {
    throw new RangeError(
      `Cannot encode ${widthPx} x ${heightPx} px as PNG: found ${rgb.length} bytes, wanted three a pixel`,
    );
  }
  const header = [...bigEndian(widthPx), ...bigEndian(heightPx), ...format];
  return new Uint8Array([
    ...signature,
    ...chunk("IHDR", header),
    ...chunk("IDAT", deflateSync(unfilteredRows(rgb, 3 * widthPx))),
    ...chunk("IEND", []),
  ]);
}

/** The rows as they are, each after a zero: it names the filter that leaves them so. */
function unfilteredRows(rgb: Uint8Array, rowBytes: number): Uint8Array {
  const rows = new Uint8Array(rgb.length + rgb.length / rowBytes);
  for (let from = 0, to = 1; from < rgb.length; from += rowBytes, to += rowBytes + 1) {
    rows.set(rgb.subarray(from, from + rowBytes), to);
  }
  return rows;
}

function chunk(type: string, data: Iterable<number>): number[] {
  const named = [...new TextEncoder().encode(type), ...data];
  return [...bigEndian(named.length - type.length), ...named, ...bigEndian(crc32(new Uint8Array(named)))];
}

function bigEndian(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
}
