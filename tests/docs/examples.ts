/**
 * Programs in the documentation, and how they are run: a block of TypeScript is a whole program; its first line may say with
 * which permissions, `// deno run --allow-read`, and a comment behind a `console.log()` what it prints.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { documentationOf, documents, root } from "./documentation.ts";

/** A program in a text. */
export interface Example {
  /** Where it stands: a file, or a public symbol. */
  readonly where: string;
  /** As written. */
  readonly code: string;
  /** How many processes it is for: each gets its rank and all addresses, `host:port` joined by commas. */
  readonly workers: number;
}

/** The blocks of TypeScript in a text's Markdown; ```` ```ts workers=2 ```` is for two processes. */
export function examplesIn(where: string, markdown: string): Example[] {
  return [...markdown.matchAll(/^```ts(?: workers=(\d+))?\n([\s\S]*?)^```$/gm)]
    .map(([_, workers = "1", code]) => ({ where, code, workers: Number(workers) }));
}

/** Those of README, of all files of `docs` and of the entry points' doc comments. */
export async function allExamples(): Promise<Example[]> {
  const { nodes } = await documentationOf(Object.values(config.exports));
  const examples = [
    ...documents().flatMap(([file, text]) => examplesIn(file, text)),
    ...commentsIn(nodes, "").flatMap(([where, text]) => examplesIn(where, text)),
  ];
  return [...new Map(examples.map((example) => [example.code, example])).values()];
}

/** All texts of doc comments below a node of the documentation, each with the symbol that it is on. */
function commentsIn(node: unknown, where: string): [where: string, text: string][] {
  if (typeof node !== "object" || node === null) return [];
  const { name } = node as { name?: unknown };
  const here = typeof name === "string" ? `${where} ${name}`.trim() : where;
  return Object.entries(node).flatMap(([key, value]): [string, string][] => {
    const below = key.startsWith("file://") ? key.slice(key.indexOf(root) + root.length) : here;
    return key === "doc" ? [[here, String(value)]] : commentsIn(value, below);
  });
}

/** The flags of a program's first line; none without such a line. */
export function permissionsOf({ code }: Example): string[] {
  return code.match(/^\/\/ deno run (.*)\n/)?.[1].split(" ") ?? [];
}

/** What a program says that it prints, line by line. */
export function promisedLines({ code }: Example): string[] {
  return [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
}

/** The program with entry points by URL, so that it runs anywhere. */
export function runnable({ code }: Example): string {
  return Object.entries(config.exports).reduce(
    (text, [entry, file]) =>
      text.replaceAll(
        `"@detnas/detnas${entry.slice(1)}"`,
        JSON.stringify(new URL(file, `file://${root}`).href),
      ),
    code,
  );
}
