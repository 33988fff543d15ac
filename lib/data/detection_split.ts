/**
 * Splits as read from disk: joined, and cut in two.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import type { DetectionSample, DetectionSet } from "./sample.ts";
import { joinSamples, type SampleList, sampleList, selectSamples } from "./sample_list.ts";

/** A split as read from disk: the set, and what is known of how it was read. */
export interface DetectionSplit extends DetectionSet {
  /** Boxes that reached past the border. */
  readonly clippedCount: number;
  /** Names the content of its index; null without one. */
  readonly version: string | null;
}

/** Sets of the same classes one after the other; a sample's id gets its set's name before it, as ids may repeat. */
export function joinSets(name: string, sets: readonly DetectionSet[]): DetectionSet {
  const renamed = ({ name, samples }: DetectionSet): SampleList<DetectionSample> =>
    sampleList(samples.length, (i) => {
      const sample = samples.at(i);
      return { ...sample, id: `${name}/${sample.id}` };
    });
  return {
    name,
    classes: sets[0].classes,
    samples: joinSamples(sets.map(renamed)),
    skipped: sets.flatMap(({ skipped }) => skipped),
  };
}

/** {@linkcode joinSets} of splits; a single one stays as it is. */
export function joinSplits(splits: readonly DetectionSplit[]): DetectionSplit {
  if (splits.length === 1) return splits[0];
  return {
    ...joinSets(splits.map(({ name }) => name).join(" and "), splits),
    clippedCount: splits.reduce((sum, { clippedCount }) => sum + clippedCount, 0),
    version: joinVersions(splits.map(({ version }) => version)),
  };
}

/** Names several contents as one; null if one has no name. */
export function joinVersions(versions: readonly (string | null)[]): string | null {
  return versions.includes(null) ? null : [...new Set(versions)].join("+");
}

/**
 * Cuts images off a split; both parts keep the order. The draw depends on the two numbers of images and nothing else.
 *
 * @param count How many; null is a tenth, at least one.
 * @returns What is left, and what was cut off; what was skipped and clipped is told of the first.
 * @throws {RangeError} If nothing would be left.
 */
export function cutSearchSplit(
  split: DetectionSplit,
  count: number | null,
): [rest: DetectionSplit, search: DetectionSplit] {
  const { length } = split.samples;
  const wanted = count ?? Math.max(1, Math.round(length / 10));
  if (wanted >= length) {
    const images = length === 1 ? "1 image" : `${length} images`;
    const asked = count === null ? "" : `, wanted more than the ${count} of detectionData.searchImages`;
    throw new RangeError(`Cannot cut a search split from ${split.name}: it has ${images}${asked}`);
  }
  const isCut = new Uint8Array(length);
  for (const i of permutation(stream(0, "search split"), length).subarray(0, wanted)) isCut[i] = 1;
  const part = (flag: number): SampleList<DetectionSample> =>
    selectSamples(split.samples, rowsWhere(length, (i) => isCut[i] === flag));
  return [
    { ...split, samples: part(0) },
    { ...split, name: `${split.name} (search)`, samples: part(1), skipped: [], clippedCount: 0 },
  ];
}

/** The numbers of 0..count-1 that fulfil a condition. */
export function rowsWhere(count: number, condition: (row: number) => boolean): Uint32Array {
  const rows = new Uint32Array(count);
  let length = 0;
  for (let row = 0; row < count; row++) if (condition(row)) rows[length++] = row;
  return rows.slice(0, length);
}
