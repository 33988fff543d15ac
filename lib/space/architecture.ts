/**
 * An architecture is a point of a search space: one choice for each block. Checks, keys and the text form
 * ("2120|2112|33130031|3132", a group for each stage, 0 to 9 and a to z for the choices) live here.
 *
 * @module
 */

import { blockCount, choiceCount, maxChoices, type SearchSpace } from "./search_space.ts";

/** One choice for each block, first block first: an index into the space's choices. */
export type Architecture = readonly number[];

/**
 * Refuses choices that are no architecture of the space.
 *
 * @param space The space they should belong to.
 * @param choices What to check.
 * @throws {RangeError} If there are too few or too many, or one is no index into the
 * space's; it names index and value.
 */
export function checkArchitecture(space: SearchSpace, choices: Architecture): void {
  const blocks = blockCount(space);
  if (choices.length !== blocks) {
    throw new RangeError(
      `Cannot use an architecture in search space "${space.name}" as it must have ${blocks} choices: ` +
        `it has ${choices.length}`,
    );
  }
  const index = choices.findIndex((choice) => !isChoice(space, choice));
  if (index < 0) return;
  throw new RangeError(
    `Cannot use an architecture in search space "${space.name}" as each choice must be ` +
      `${wantedChoices(space)}: choices[${index}] is ${choices[index]}`,
  );
}

/** Text that is equal for equal architectures and differs for others: a base-36 digit a choice, "21202112…". */
export function architectureKey(choices: Architecture): string {
  return choices.map((choice) => choice.toString(maxChoices)).join("");
}

/** The architecture that a key of `architectureKey` stands for; whether it is one of a space is not checked. */
export function architectureFromKey(key: string): Architecture {
  return Array.from(key, (digit) => parseInt(digit, maxChoices));
}

/**
 * Writes an architecture for people, a group for each stage: "2120|2112|33130031|3132".
 *
 * @param space The search space.
 * @param choices The architecture.
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
 * @param space The search space.
 * @param text As it was written or typed.
 * @throws {SyntaxError} If a character is no choice, the number of choices is not the space's, or a bar stands
 * elsewhere than between two stages.
 */
export function parseArchitecture(space: SearchSpace, text: string): Architecture {
  const key = text.replaceAll("|", "");
  const choices = architectureFromKey(key);
  const areChoices = choices.length === blockCount(space) && choices.every((it) => isChoice(space, it));
  if (!areChoices || architectureKey(choices) !== key) { // "A" is not the digit "a"
    throw new SyntaxError(
      `Cannot read architecture "${text}" of search space "${space.name}": it must be ` +
        `${wantedDigits(space)}, in groups of ${space.stageRepeats.join(", ")} parted by "|"`,
    );
  }
  const grouped = formatArchitecture(space, choices);
  if (text === key || text === grouped) return choices;
  throw new SyntaxError(
    `Cannot read architecture "${text}": its groups must be its stages, as in "${grouped}"`,
  );
}

function isChoice(space: SearchSpace, choice: number): boolean {
  return Number.isInteger(choice) && choice >= 0 && choice < choiceCount(space);
}

function wantedChoices(space: SearchSpace): string {
  const last = choiceCount(space) - 1;
  return last === 0 ? "0" : `a whole number from 0 to ${last}`;
}

/** "20 digits from 0 to 3", "16 digits 0", "20 of 0 to 9 and a to k". */
function wantedDigits(space: SearchSpace): string {
  const blocks = blockCount(space);
  const last = architectureKey([choiceCount(space) - 1]);
  if (last === "0") return `${blocks} digits 0`;
  return last <= "9" ? `${blocks} digits from 0 to ${last}` : `${blocks} of 0 to 9 and a to ${last}`;
}
