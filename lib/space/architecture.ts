/**
 * An architecture is a point of a search space: one choice for each block. Checks, keys and the text form
 * ("2120|2112|33130031|3132", a group for each stage) live here.
 *
 * @module
 */

import { blockCount, choiceCount, type SearchSpace } from "./search_space.ts";

/** One choice (0 to 3) for each block, first block first: shuffle 3x3, 5x5, 7x7, xception 3x3. */
export type Architecture = readonly number[];

/**
 * Refuses choices that are no architecture of the space.
 *
 * @param space The space they should belong to.
 * @param choices What to check.
 * @throws {RangeError} If there are too few or too many, or one is not 0, 1, 2 or 3; it names index and value.
 */
export function checkArchitecture(space: SearchSpace, choices: Architecture): void {
  const blocks = blockCount(space);
  if (choices.length !== blocks) {
    throw new RangeError(
      `Cannot use an architecture in search space "${space.name}" as it must have ${blocks} choices: ` +
        `it has ${choices.length}`,
    );
  }
  const index = choices.findIndex((choice) => !isChoice(choice));
  if (index < 0) return;
  throw new RangeError(
    `Cannot use an architecture in search space "${space.name}" as each choice must be 0, 1, 2 or 3: ` +
      `choices[${index}] is ${choices[index]}`,
  );
}

/** Text that is equal for equal architectures and differs for others: the choices' digits, "21202112…". */
export function architectureKey(choices: Architecture): string {
  return choices.join("");
}

/** The architecture that a key of `architectureKey` stands for. */
export function architectureFromKey(key: string): Architecture {
  return Array.from(key, Number);
}

/**
 * Writes an architecture for people, a group for each stage: "2120|2112|33130031|3132".
 *
 * @throws {RangeError} If it is none of the space's.
 */
export function formatArchitecture(space: SearchSpace, choices: Architecture): string {
  checkArchitecture(space, choices);
  const key = architectureKey(choices);
  let start = 0;
  return space.stageRepeats.map((repeats) => key.slice(start, start += repeats)).join("|");
}

/**
 * Reads what `formatArchitecture` writes; the bars may be left out altogether.
 *
 * @throws {SyntaxError} If a character is no choice, the number of choices is not the space's, or a bar stands
 * elsewhere than between two stages.
 */
export function parseArchitecture(space: SearchSpace, text: string): Architecture {
  const key = text.replaceAll("|", "");
  if (!/^[0-3]*$/.test(key) || key.length !== blockCount(space)) {
    throw new SyntaxError(
      `Cannot read architecture "${text}": it must be ${blockCount(space)} digits from 0 to 3, ` +
        `in groups of ${space.stageRepeats.join(", ")} parted by "|"`,
    );
  }
  const choices = architectureFromKey(key);
  const grouped = formatArchitecture(space, choices);
  if (text === key || text === grouped) return choices;
  throw new SyntaxError(
    `Cannot read architecture "${text}": its groups must be its stages, as in "${grouped}"`,
  );
}

function isChoice(choice: number): boolean {
  return Number.isInteger(choice) && choice >= 0 && choice < choiceCount;
}
