/**
 * How wide text is on a terminal, where characters take no column, one or two.
 *
 * @module
 */
import { eastAsianWidth } from "get-east-asian-width";

/** Columns that a text takes; it has no control characters. */
export function textWidth(text: string): number {
  return characters(text).reduce((sum, character) => sum + characterWidth(character), 0);
}

/** The beginning of a text that fits into so many columns; no character is cut. */
export function textWithin(text: string, columns: number): string {
  let [width, fitting] = [0, ""];
  for (const character of characters(text)) {
    width += characterWidth(character);
    if (width > columns) break;
    fitting += character;
  }
  return fitting;
}

/** Characters as people see them: accents and parts of an emoji belong to what they stand with. */
function characters(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

/** What follows the first code point of a character lies over it. */
function characterWidth(character: string): number {
  if (/^\p{Mark}/u.test(character)) return 0;
  return eastAsianWidth(character.codePointAt(0) ?? 0);
}
