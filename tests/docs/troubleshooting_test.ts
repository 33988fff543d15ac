import { assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { documents, root } from "./documentation.ts";

/** What Deno says, not this project. */
const othersWords = ["Info Failed to resolve 'g++' for allow-run"];

Deno.test("every message that docs/troubleshooting.md lists is one that the code has", async () => {
  const messages = listedMessages(new Map(documents()).get("docs/troubleshooting.md") ?? "");
  assertGreater(messages.length, 30);
  const code = joined((await Promise.all(["lib", "tasks"].map(textsBelow))).flat().join("\n"));
  const unknown = messages.filter((message) => !othersWords.includes(message))
    .filter((message) => partsOf(message).some((part) => !code.includes(part)));
  assertEquals(unknown, []);
});

Deno.test("a message that the code words otherwise is found", () => {
  const code = joined(
    'throw new RangeError(\n  `Cannot open ${path}: it has neither ` +\n    "this nor that",\n);',
  );
  const isThere = (message: string): boolean => partsOf(message).every((part) => code.includes(part));
  assertEquals(isThere("Cannot open …: it has neither this nor that"), true);
  assertEquals(isThere("Cannot open …: it has nothing"), false);
  assertEquals(listedMessages("| `a …` | b `c` |\n| `d`, `e` | f |\n| g | `h` |\n"), ["a …", "d", "e"]);
});

/** Messages in the first column of tables. */
function listedMessages(markdown: string): string[] {
  const cells = [...markdown.matchAll(/^\| (`.*?`[^|]*) \|/gm)].map((match) =>
    match[1].replace(/\(.*\)/, "")
  );
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]));
}

/** What of a message stands in the code as it is; two letters around a value say nothing. */
function partsOf(message: string): string[] {
  return message.split(/…|threads/).map((part) => part.replace(/^[\s:;,]+/, "").trim()).filter((part) =>
    part.length > 2
  );
}

/** Code with texts over several lines as one. */
function joined(code: string): string {
  return code.replaceAll(/["'`]\s*\+\s*["'`]/g, "");
}

async function textsBelow(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = join(folder, name);
    if (isDirectory) texts.push(...await textsBelow(path));
    else if (name.endsWith(".ts")) texts.push(await Deno.readTextFile(join(root, path)));
  }
  return texts;
}
