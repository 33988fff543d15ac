/**
 * A Python wheel to fetch: what pip is asked for, and what is kept of it.
 *
 * @module
 */

/** One wheel to fetch and what to keep of it. */
export interface Wheel {
  /** For pip, pinned: `tensorflow-cpu==2.21.0`. */
  readonly requirement: string;
  /** pip's platform tag; the interpreter's version does not matter, as only files of the wheel are kept. */
  readonly platformTag: string;
  /** Of the wheel's bytes, as lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Entries to unpack; one that ends in `/` stands for all below it. */
  readonly entries: readonly string[];
  /** The wheel's size for progress, where it is known. */
  readonly sizeBytes?: number;
}
