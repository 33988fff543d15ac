/**
 * Protocol buffers' wire format: reading and writing messages by field number.
 *
 * @module
 */
import { joinBytes } from "./join_bytes.ts";

/** A field of a message: its number and its bytes (length-delimited) or number (varint). */
export type Field = readonly [number: number, value: Uint8Array | number];

/**
 * Reads a message's length-delimited and varint fields; fixed-size ones are skipped.
 *
 * @param message The message's bytes.
 */
export function* readFields(message: Uint8Array): Generator<Field> {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = message[offset++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (offset < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) yield [number, varint()];
    else if (tag % 8 === 2) {
      const length = varint();
      yield [number, message.subarray(offset, offset += length)];
    } else offset += tag % 8 === 5 ? 4 : 8;
  }
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** A varint field. */
export function numberField(number: number, value: number): number[] {
  return [...varintBytes(number * 8), ...varintBytes(value)];
}

/** A length-delimited field: a string, or a message's bytes. */
export function bytesField(number: number, value: string | readonly number[]): number[] {
  const bytes = typeof value === "string" ? [...new TextEncoder().encode(value)] : value;
  return [...varintBytes(number * 8 + 2), ...varintBytes(bytes.length), ...bytes];
}

/** A number of 4 bytes, as `float` is. */
export function floatField(number: number, value: number): number[] {
  return [...varintBytes(number * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}

/** A message of any size, written field by field; what it is given is not copied. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  /** A varint field, a whole number of at least 0. */
  number(number: number, value: number): this {
    return this.#add(Uint8Array.from(numberField(number, value)));
  }

  /** A field of 4 bytes. */
  float(number: number, value: number): this {
    return this.#add(Uint8Array.from(floatField(number, value)));
  }

  /** A string, bytes, or a message inside this one. */
  field(number: number, value: string | Uint8Array | MessageWriter): this {
    const parts = value instanceof MessageWriter ? value.parts() : [
      typeof value === "string" ? new TextEncoder().encode(value) : value,
    ];
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#add(Uint8Array.from([...varintBytes(number * 8 + 2), ...varintBytes(length)]));
    for (const part of parts) this.#add(part);
    return this;
  }

  /** The message in parts, in order. */
  parts(): readonly Uint8Array[] {
    return this.#parts;
  }

  /** The message in one piece, a copy. */
  bytes(): Uint8Array<ArrayBuffer> {
    return joinBytes(this.#parts);
  }

  #add(part: Uint8Array): this {
    this.#parts.push(part);
    return this;
  }
}
