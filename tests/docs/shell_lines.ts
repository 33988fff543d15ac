/**
 * Commands in the documentation's blocks of shell, read as a user types them.
 *
 * @module
 */

/** A `deno task` line. */
export interface TaskLine {
  /** The task. */
  readonly task: string;
  /** What follows, without quotes. */
  readonly args: readonly string[];
}

/** All `deno task` lines of a text's `sh` blocks; a flag in brackets is read as given, `…` as nothing. */
export function taskLines(markdown: string): TaskLine[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block]) => block.replaceAll("\\\n", " ").split("\n"))
    .flatMap((line) => line.match(/\bdeno(?:@[\d.]+)? task (.*)$/)?.[1] ?? [])
    .map(wordsOf)
    .map(([task, ...args]) => ({ task, args }));
}

/** The words of a line up to a comment. */
function wordsOf(line: string): string[] {
  const words = line.replaceAll(/[[\]](?=\s|$|--)/g, "").match(/#.*|(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  const typed = words.slice(0, words.findIndex((word) => word.startsWith("#")) >>> 0);
  return typed.filter((word) => word !== "…").map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}
