/**
 * The documentation: README and `docs`, and that of the entry points, as `deno doc` writes it; of this only what is looked at
 * is typed.
 *
 * @module
 */
import { join } from "node:path";

/** The repository's folder, with a slash at its end. */
export const root: string = new URL("../..", import.meta.url).pathname;

/** README and the files of `docs`: path and text. */
export function documents(): [file: string, text: string][] {
  const names = [...Deno.readDirSync(join(root, "docs"))].map(({ name }) => name);
  const files = names.filter((name) => name.endsWith(".md")).sort().map((name) => `docs/${name}`);
  return ["README.md", ...files].map((file) => [file, Deno.readTextFileSync(join(root, file))]);
}

/** What has a place and, if it is documented, a comment. */
export interface Located {
  readonly location: { readonly filename: string; readonly line: number };
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly Tag[] };
}

/** A tag of a comment. */
export interface Tag {
  readonly kind: string;
  readonly doc?: string;
  readonly tsType?: { readonly repr?: string };
}

/** A method, field or constructor. */
export interface Member extends Located {
  readonly name: string;
  readonly kind?: string;
  readonly accessibility?: string;
}

/** A symbol as declared; overloads are several. */
export interface Declaration extends Located {
  readonly kind: string;
  readonly declarationKind: string;
  readonly def: {
    readonly constructors?: readonly Member[];
    readonly methods?: readonly Member[];
    readonly properties?: readonly Member[];
    readonly tsType?: { readonly kind: string; readonly value: { readonly properties?: readonly Member[] } };
  };
}

/** By URL of each entry point. */
export interface Documentation {
  readonly nodes: Record<string, {
    readonly module_doc?: { readonly doc?: string };
    readonly symbols: readonly { readonly name: string; readonly declarations: readonly Declaration[] }[];
  }>;
}

/**
 * Runs `deno doc`.
 *
 * @throws {Error} If it fails; the message is its own.
 */
export async function documentationOf(files: readonly string[]): Promise<Documentation> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...files],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
