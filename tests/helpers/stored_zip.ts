/**
 * Zip files, as wheels are.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { joinBytes } from "../../lib/base/join_bytes.ts";

/** A zip file without compression (PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16). */
export function storedZip(files: Record<string, string>): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [nameBytes, data] = [name, text].map((part) => new TextEncoder().encode(part));
    const common = [u16(20), u16(0), u16(0), u32(0), u32(crc32(data)), u32(data.length), u32(data.length)];
    const header = joinBytes([u32(0x04034b50), ...common, u16(nameBytes.length), u16(0), nameBytes, data]);
    directory.push(joinBytes([
      ...[u32(0x02014b50), u16(0), ...common, u16(nameBytes.length), u16(0), u16(0), u16(0), u16(0), u32(0)],
      ...[u32(offset), nameBytes],
    ]));
    parts.push(header);
    offset += header.length;
  }
  const index = joinBytes(directory);
  const count = directory.length;
  const end = [
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(count),
    u16(count),
    u32(index.length),
    u32(offset),
    u16(0),
  ];
  return joinBytes([...parts, index, ...end]);
}

function u16(value: number): Uint8Array {
  return new Uint8Array([value, value >>> 8]);
}

function u32(value: number): Uint8Array {
  return new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24]);
}
