/**
 * `deno task docs`: the library's reference as web pages. `deno doc` takes an entry point's name for what it is imported by
 * (`from "train"`), and leads from the first page to the symbols only; both are put right in its pages.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { runTask } from "./run_task.ts";

/** Where the pages go. */
const outputDir = "docs/api";

/** The command. */
export async function main(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "doc",
      "--html",
      `--name=${config.name}`,
      `--output=${outputDir}`,
      ...Object.values(config.exports),
    ],
  }).spawn().status;
  if (!success) throw new Error("Cannot write the reference: deno doc has said why");
  for await (const file of pagesBelow(outputDir)) {
    await Deno.writeTextFile(file, withSpecifiers(await Deno.readTextFile(file)));
  }
  const front = `${outputDir}/index.html`;
  await Deno.writeTextFile(front, withLinks(await Deno.readTextFile(front)));
  console.log(`open ${front}`);
}

/** Names entry points in import lines as another project does: `"train"` becomes `"@detnas/detnas/train"`. */
export function withSpecifiers(page: string): string {
  return entryNames().reduce(
    (text, name) =>
      text.replaceAll(`from &quot;${name || "."}&quot;`, `from &quot;${specifierOf(name)}&quot;`),
    page,
  );
}

/** Links the first page's names of the other entry points to their pages. */
export function withLinks(page: string): string {
  return entryNames().filter((name) => name !== "").reduce((text, name) => {
    const code = `<code>${specifierOf(name)}</code>`;
    return text.replaceAll(code, `<a href="${name}/index.html">${code}</a>`);
  }, page);
}

/** As `deno doc` names them, without the dot: `train`; the main one's is empty. */
function entryNames(): string[] {
  return Object.keys(config.exports).map((entry) => entry.replace(/^\.\/?/, ""));
}

function specifierOf(name: string): string {
  return name === "" ? config.name : `${config.name}/${name}`;
}

async function* pagesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* pagesBelow(path);
    else if (name.endsWith(".html")) yield path;
  }
}

if (import.meta.main) await runTask(main);
