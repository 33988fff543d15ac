/**
 * What an export consists of.
 *
 * @module
 */
import { joinBytes } from "../base/join_bytes.ts";

/** One file, not written yet. */
export interface ExportedFile {
  /** Its path in the export's folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A file of text. */
export function fileOfText(name: string, text: string): ExportedFile {
  return { name, bytes: new TextEncoder().encode(text) };
}

/** A file of JSON. */
export function fileOfJson(name: string, value: unknown): ExportedFile {
  return fileOfText(name, JSON.stringify(value, null, 2) + "\n");
}

/** A file of bytes that come in parts, which are copied. */
export function fileOfParts(name: string, parts: readonly Uint8Array[]): ExportedFile {
  return { name, bytes: joinBytes(parts) };
}
