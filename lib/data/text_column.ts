/**
 * Many texts as bytes and offsets: what the names of a million files are kept as.
 *
 * @module
 */
import { type Column, GrowingColumn } from "./column.ts";

/** A read-only list of texts, decoded when asked for. */
export class TextColumn {
  /** All texts in UTF-8, one after the other. */
  readonly bytes: Uint8Array;
  /** `[length + 1]` uint32: where each begins; the last is where the last one ends. */
  readonly offsets: Uint32Array;
  readonly #decoder = new TextDecoder();

  /** Takes both as they are. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
  }

  /** The texts of a list. */
  static of(texts: Iterable<string>): TextColumn {
    const builder = new TextColumnBuilder();
    for (const text of texts) builder.push(text);
    return builder.finish();
  }

  /** How many there are. */
  get length(): number {
    return this.offsets.length - 1;
  }

  /** The text at an index, 0..length-1. */
  at(index: number): string {
    return this.#decoder.decode(this.bytes.subarray(this.offsets[index], this.offsets[index + 1]));
  }
}

/** Collects texts for a {@linkcode TextColumn}. */
export class TextColumnBuilder {
  readonly #bytes = new GrowingColumn(Uint8Array);
  readonly #offsets = new GrowingColumn(Uint32Array);
  readonly #encoder = new TextEncoder();

  /** Begins without a text. */
  constructor() {
    this.#offsets.push(0);
  }

  /** How many there are so far. */
  get length(): number {
    return this.#offsets.length - 1;
  }

  /** Adds a text. */
  push(text: string): void {
    this.#bytes.append(this.#encoder.encode(text));
    this.#offsets.push(this.#bytes.length);
  }

  /** What was collected. */
  finish(): TextColumn {
    return new TextColumn(this.#bytes.finish(), this.#offsets.finish());
  }
}

/** A text column's two columns, as an index file keeps them. */
export function textColumns(name: string, { bytes, offsets }: TextColumn): Record<string, Column> {
  return { [`${name}.bytes`]: bytes, [`${name}.offsets`]: offsets };
}
