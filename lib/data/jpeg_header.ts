/**
 * What a JPEG's header says: enough to know, without a decoder, who decodes it and how large it will be.
 *
 * @module
 */

/** From a JPEG's markers up to its first scan. */
export interface JpegHeader {
  /** As stored. */
  readonly widthPx: number;
  /** As stored. */
  readonly heightPx: number;
  /** 1 grey, 3 colour, 4 CMYK. */
  readonly components: number;
  /** Whether it brings a colour profile. */
  readonly hasProfile: boolean;
}

const startOfScan = 0xda;
const application2 = 0xe2; // colour profiles
/** SOF0 to SOF15 but for DHT, JPG and DAC, which lie between them (ITU-T T.81, table B.1). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Reads a JPEG's header; null if it is none, its samples have not 8 bits, or it ends before its first scan. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  let frame: Omit<JpegHeader, "hasProfile"> | null = null;
  let hasProfile = false;
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++; // fill bytes
      continue;
    }
    if (marker === startOfScan) return frame && { ...frame, hasProfile };
    hasProfile ||= marker === application2;
    if (isFrame(marker)) {
      if (bytes[at + 4] !== 8) return null;
      frame = {
        heightPx: view.getUint16(at + 5),
        widthPx: view.getUint16(at + 7),
        components: bytes[at + 9],
      };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
