/**
 * The process that bundles the exported page's script: started by `deno task export`, as esbuild is a program of its
 * own and the command may not run it. Writes the script to standard output.
 *
 * @module
 */
import { build, type Plugin, stop } from "esbuild";
import { fileURLToPath } from "node:url";

/** The page's entry. */
const entry = new URL("../page/main.ts", import.meta.url);

/**
 * Bundles the page's script for browsers of the last years, with all that it imports.
 *
 * @throws {Error} If something can't be resolved; esbuild's message says what.
 */
export async function bundlePage(): Promise<Uint8Array> {
  try {
    const { outputFiles: [script] } = await build({
      entryPoints: [fileURLToPath(entry)],
      bundle: true,
      write: false,
      minify: true,
      format: "iife", // as a module, it could not even say why it does not run from a file
      platform: "browser",
      target: "es2022",
      mainFields: ["browser", "module", "main"],
      plugins: [webAssemblyPlugin],
      legalComments: "eof",
      logLevel: "silent",
    });
    return script.contents;
  } finally {
    await stop();
  }
}

/** Modules of WebAssembly that are imported as Deno does: small ones, which are compiled in place. */
const webAssemblyPlugin: Plugin = {
  name: "webassembly",
  setup({ onLoad }): void {
    onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const bytes = await Deno.readFile(path);
      const names = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
      return { contents: instantiating(bytes, names), loader: "js" };
    });
  },
};

function instantiating(bytes: Uint8Array, names: readonly string[]): string {
  return `const bytes = Uint8Array.from(atob("${bytes.toBase64()}"), (letter) => letter.charCodeAt(0));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
export const { ${names.join(", ")} } = exports;`;
}

if (import.meta.main) {
  for (let rest = await bundlePage(); rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
}
