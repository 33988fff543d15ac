/**
 * The checksum of TensorFlow's record files: CRC-32C (Castagnoli), masked as those files store it.
 *
 * @module
 */

/** The polynomial's bits in reverse. */
const polynomial = 0x82f63b78;
/** So that a checksum of data that holds checksums does not come out degenerate (TensorFlow, `crc32c.h`). */
const maskDelta = 0xa282ead8;

/** CRC-32C of bytes, an unsigned 32-bit number; RFC 3720, appendix B.4, has examples. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * polynomial);
  }
  return ~crc >>> 0;
}

/** The checksum as record files store it: rotated right by 15 bits, plus a constant. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;
}
