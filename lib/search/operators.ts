/**
 * The ways to make an architecture: sampling, two mutations and crossover. All are pure functions of their
 * arguments and of the stream they draw from.
 *
 * @module
 */

import type { RandomStream } from "../base/random.ts";
import type { Architecture } from "../space/architecture.ts";
import { blockCount, choiceCount, type SearchSpace } from "../space/search_space.ts";

/** An architecture with every choice uniform; one `integer` draw a block. */
export function sampleArchitecture(space: SearchSpace, random: RandomStream): Architecture {
  return Array.from({ length: blockCount(space) }, () => random.integer(choiceCount(space)));
}

/**
 * Draws each choice anew, uniformly, with some probability; so a choice may come out as it was.
 *
 * @param space Whose choices are drawn from.
 * @param parent The architecture to change; it stays as it is.
 * @param rate Probability for each choice, in [0, 1].
 * @param random One `uniform` draw a block, and one `integer` after each that is below the rate.
 */
export function mutate(
  space: SearchSpace,
  parent: Architecture,
  rate: number,
  random: RandomStream,
): Architecture {
  return parent.map((choice) => random.uniform() < rate ? random.integer(choiceCount(space)) : choice);
}

/**
 * Draws one block's choice anew, uniformly among the others; the parent itself comes out only if there are no others.
 *
 * @param space Whose choices are drawn from.
 * @param parent The architecture to change; it stays as it is.
 * @param random One `integer` draw for the block, one for its choice.
 */
export function mutateBlock(space: SearchSpace, parent: Architecture, random: RandomStream): Architecture {
  const changed = random.integer(parent.length);
  const count = choiceCount(space);
  const shift = 1 + random.integer(count - 1);
  return parent.map((choice, block) => block === changed ? (choice + shift) % count : choice);
}

/**
 * Takes each choice from one of two parents, each with probability one half.
 *
 * @param a The parent taken where `integer(2)` draws 0.
 * @param b The other, of the same length.
 * @param random One `integer` draw a block.
 */
export function crossover(a: Architecture, b: Architecture, random: RandomStream): Architecture {
  return a.map((choice, block) => random.integer(2) === 0 ? choice : b[block]);
}
