/**
 * Numbers of one kind in a row: what indexes are made of, in memory and on disk.
 *
 * @module
 */

/** The kinds of numbers in use. */
export type Column = Uint8Array | Uint32Array | Float64Array;

/** A kind, by its array's constructor. */
export interface ColumnKind<Numbers extends Column> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Numbers;
}

/** A column that grows: its memory doubles, so that appending costs the same however long it is. */
export class GrowingColumn<Numbers extends Column> {
  readonly #kind: ColumnKind<Numbers>;
  #numbers: Numbers;
  #length = 0;

  /** Begins empty. */
  constructor(kind: ColumnKind<Numbers>) {
    this.#kind = kind;
    this.#numbers = new kind(256);
  }

  /** How many numbers there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds a number. */
  push(value: number): void {
    this.#reserve(1);
    this.#numbers[this.#length++] = value;
  }

  /** Adds numbers. */
  append(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#numbers.set(values, this.#length);
    this.#length += values.length;
  }

  /** A copy of just what was added. */
  finish(): Numbers {
    const numbers = new this.#kind(this.#length);
    numbers.set(this.#numbers.subarray(0, this.#length));
    return numbers;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#numbers.length) return;
    const grown = new this.#kind(2 * (this.#length + count));
    grown.set(this.#numbers.subarray(0, this.#length));
    this.#numbers = grown;
  }
}
