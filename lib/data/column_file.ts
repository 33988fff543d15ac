/**
 * An index on disk: a JSON header and columns, laid out as they are in memory, under one checksum.
 *
 * Layout, little-endian: 8 bytes of magic, uint32 header length, the header in UTF-8, zeros up to a multiple of 8,
 * then each column, padded alike; the last 32 bytes are the SHA-256 of all before them.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Column, ColumnKind } from "./column.ts";

/** What an index file holds. */
export interface ColumnFile {
  /** Plain data that JSON can hold. */
  readonly header: unknown;
  /** By name. */
  readonly columns: Readonly<Record<string, Column>>;
  /** The SHA-256 in hex: names this content. */
  readonly checksum: string;
}

interface ColumnEntry {
  readonly name: string;
  readonly kind: keyof typeof kinds;
  readonly length: number;
}

const kinds = { Uint8Array, Uint32Array, Float64Array };
const magic = new TextEncoder().encode("detnas1\n");
const checksumBytes = 32;

/**
 * Writes an index beside its place, making its folder if need be, and renames it into it. It is not synced: a file that a crash tears is found by its
 * checksum and made again.
 *
 * @returns What {@linkcode readColumnFile} gives.
 */
export async function writeColumnFile(
  file: string,
  header: unknown,
  columns: Readonly<Record<string, Column>>,
): Promise<ColumnFile> {
  const bytes = encode(header, columns);
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", bytes.subarray(0, bytes.length - checksumBytes)),
  );
  bytes.set(digest, bytes.length - checksumBytes);
  const temporary = `${file}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(temporary, bytes, { createNew: true });
    await Deno.rename(temporary, file);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {}); // it may never have been made
    throw new Error(`Cannot write ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  return { header, columns, checksum: digest.toHex() };
}

/**
 * Reads an index.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {SyntaxError} If it is not an index, or not whole.
 */
export async function readColumnFile(file: string): Promise<ColumnFile> {
  const bytes = await Deno.readFile(file);
  const end = bytes.length - checksumBytes;
  const hasMagic = magic.every((byte, i) => bytes[i] === byte);
  if (end < magic.length + 4 || !hasMagic) throw new SyntaxError(`Cannot read ${file}: it is no index`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, end)));
  if (!digest.every((byte, i) => bytes[end + i] === byte)) {
    throw new SyntaxError(`Cannot read ${file}: its content does not fit its checksum`);
  }
  return { ...decode(bytes), checksum: digest.toHex() };
}

function encode(header: unknown, columns: Readonly<Record<string, Column>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(columns).map(([name, { constructor, length }]) => {
    return { name, kind: constructor.name, length };
  });
  const text = new TextEncoder().encode(JSON.stringify({ header, columns: entries }));
  const start = padded(magic.length + 4 + text.length);
  const size = Object.values(columns).reduce((sum, { byteLength }) => sum + padded(byteLength), start);
  const bytes = new Uint8Array(size + checksumBytes);
  bytes.set(magic);
  new DataView(bytes.buffer).setUint32(magic.length, text.length, true);
  bytes.set(text, magic.length + 4);
  let offset = start;
  for (const { buffer, byteOffset, byteLength } of Object.values(columns)) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += padded(byteLength);
  }
  return bytes;
}

/** The columns are views of the bytes. */
function decode(bytes: Uint8Array<ArrayBuffer>): Omit<ColumnFile, "checksum"> {
  const length = new DataView(bytes.buffer).getUint32(magic.length, true);
  const text = new TextDecoder().decode(bytes.subarray(magic.length + 4, magic.length + 4 + length));
  const { header, columns: entries } = JSON.parse(text) as { header: unknown; columns: ColumnEntry[] };
  const columns: Record<string, Column> = {};
  let offset = padded(magic.length + 4 + length);
  for (const { name, kind, length } of entries) {
    columns[name] = new kinds[kind](bytes.buffer, offset, length);
    offset += padded(columns[name].byteLength);
  }
  return { header, columns };
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/**
 * A column of a kind.
 *
 * @throws {SyntaxError} If it is missing or of another kind.
 */
export function columnOf<Numbers extends Column>(
  columns: Readonly<Record<string, Column>>,
  name: string,
  kind: ColumnKind<Numbers>,
): Numbers {
  const column = columns[name];
  if (column instanceof kind) return column;
  throw new SyntaxError(
    `Cannot read an index: column ${name} is ${column?.constructor.name}, wanted ${kind.name}`,
  );
}
