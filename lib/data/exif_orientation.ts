/**
 * A JPEG's EXIF orientation, without a decoder (CIPA DC-008, 4.6.4: tag 0x0112 of the first directory).
 *
 * @module
 */

const startOfScan = 0xda;
const application1 = 0xe1;
const exifName = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif\0\0"
const orientationTag = 0x0112;

/**
 * How a viewer would turn the stored pixels: 1 not at all, 2..8 mirrored or rotated.
 *
 * @param bytes The file, or its begin.
 * @returns 1 also for what is no JPEG, has no EXIF, or breaks off.
 */
export function readExifOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return 1;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === startOfScan) return 1;
    if (marker === 0xff) {
      at++; // fill bytes
      continue;
    }
    const length = view.getUint16(at + 2);
    const isExif = marker === application1 && exifName.every((byte, i) => bytes[at + 4 + i] === byte);
    if (isExif) return directoryOrientation(bytes.subarray(at + 10, at + 2 + length));
    at += 2 + length;
  }
  return 1;
}

/** @param tiff The TIFF structure that an EXIF segment holds. */
function directoryOrientation(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8) return 1;
  const isLittle = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > tiff.length) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let i = 0, at = directory + 2; i < count && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, isLittle) !== orientationTag) continue;
    const value = view.getUint16(at + 8, isLittle);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
