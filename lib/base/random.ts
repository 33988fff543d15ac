/**
 * Counter-based randomness: every draw is a pure function of what it is for. There is no state to save, so a
 * run that stops and goes on makes the same draws as one that does not.
 *
 * The generator follows SplitMix64's finaliser (Steele, Lea and Flood 2014), reduced to two 32-bit words.
 *
 * @module
 */

/** One part of a stream's name: what a draw is for ("mutation"), or which one it is (step 17). */
export type StreamKey = string | number;

/** A named stream of draws; two streams with different keys are independent. */
export interface RandomStream {
  /** Next number, uniform in [0, 1), with 32 random bits. */
  uniform(): number;
  /** Next whole number, uniform in [0, bound). */
  integer(bound: number): number;
  /** Next normal number of mean 0 and standard deviation 1 (Box and Muller 1958). */
  normal(): number;
}

/**
 * Opens the stream named by a seed and keys, e.g. `stream(seed, "path", step)`.
 *
 * @param seed The run's seed, a whole number.
 * @param keys What the draws are for, from general to particular.
 * @returns A stream that gives the same draws for the same names.
 */
export function stream(seed: number, ...keys: StreamKey[]): RandomStream {
  let state = mix(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
  for (const key of keys) state = mix(state, keyHash(key));
  let counter = 0;
  const word = (): number => mix(state, counter++);
  const uniform = (): number => word() / 2 ** 32;
  return {
    uniform,
    integer: (bound: number): number => Math.floor(uniform() * bound),
    normal(): number {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
  };
}

/**
 * A random permutation of 0..count-1 (Fisher and Yates, as given by Durstenfeld 1964).
 *
 * @param random Where the draws come from.
 * @param count How many numbers.
 */
export function permutation(random: RandomStream, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function keyHash(key: StreamKey): number {
  if (typeof key === "number") return mix(key >>> 0, 0x6b79 ^ (Math.floor(key / 2 ** 32) >>> 0));
  let hash = 0x811c9dc5; // FNV-1a over UTF-16 units
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return mix(hash >>> 0, key.length);
}

/** Mixes two words into one: each input bit changes each output bit with probability near one half. */
function mix(a: number, b: number): number {
  let h = (a ^ Math.imul(b + 0x9e3779b9, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0x735a2d97);
  h = Math.imul(h ^ (h >>> 15), 0x9e3779b1);
  return (h ^ (h >>> 16)) >>> 0;
}
