/**
 * Lists whose elements are made when they are asked for: a million images cost what their index costs, not a
 * million objects.
 *
 * @module
 */

/** A read-only list; an element is made anew at each access and belongs to the caller. */
export interface SampleList<Sample> extends Iterable<Sample> {
  /** How many there are. */
  readonly length: number;
  /**
   * The element at an index.
   *
   * @throws {RangeError} If the index is not one of 0..length-1.
   */
  at(index: number): Sample;
}

/**
 * A list by a rule.
 *
 * @param length How many there are.
 * @param make The element at an index; called at each access.
 * @returns A list; its `at` throws a {@linkcode RangeError} for an index that is not one of 0..length-1.
 */
export function sampleList<Sample>(length: number, make: (index: number) => Sample): SampleList<Sample> {
  const at = (index: number): Sample => {
    if (Number.isInteger(index) && index >= 0 && index < length) return make(index);
    throw new RangeError(`Cannot take sample ${index} of a list of ${length}`);
  };
  return {
    length,
    at,
    *[Symbol.iterator](): Generator<Sample> {
      for (let i = 0; i < length; i++) yield make(i);
    },
  };
}

/** A list of elements that are there already; its `at` throws as {@linkcode sampleList}'s. */
export function listOf<Sample>(samples: readonly Sample[]): SampleList<Sample> {
  return sampleList(samples.length, (index) => samples[index]);
}

/** Some elements of a list, in the order of the indices. */
export function selectSamples<Sample>(
  samples: SampleList<Sample>,
  indices: ArrayLike<number>,
): SampleList<Sample> {
  return sampleList(indices.length, (index) => samples.at(indices[index]));
}

/** Several lists one after the other. */
export function joinSamples<Sample>(lists: readonly SampleList<Sample>[]): SampleList<Sample> {
  const starts = [0];
  for (const { length } of lists) starts.push(starts[starts.length - 1] + length);
  return sampleList(starts[lists.length], (index) => {
    const list = starts.findLastIndex((start, i) => i < lists.length && start <= index);
    return lists[list].at(index - starts[list]);
  });
}
