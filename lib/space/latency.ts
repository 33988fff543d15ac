/**
 * What the parts of a backbone take on one device, measured.
 *
 * @module
 */

/** Milliseconds of the stem and of every choice of every block, on one image. */
export interface BlockLatencies {
  /** The same for all architectures. */
  readonly stemMs: number;
  /** `blocksMs[i][choice]`: block i under that choice. */
  readonly blocksMs: readonly (readonly number[])[];
}
