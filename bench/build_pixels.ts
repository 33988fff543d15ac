/**
 * Compiles lib/data/pixels.as into pixels.wasm beside it, to be run after each change there:
 * `deno run -A --no-lock bench/build_pixels.ts npm:assemblyscript@0.28.20/asc`. The compiler is an argument, as nothing
 * else needs it: it takes 100 MB.
 *
 * @module
 */

/** What is used of AssemblyScript's `asc`. */
interface Asc {
  main(args: readonly string[], files: {
    readFile(name: string): string | null;
    writeFile(name: string, contents: string | Uint8Array): void;
    listFiles(): string[];
  }): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

const [specifier] = Deno.args;
if (specifier === undefined) {
  console.error("usage: build_pixels.ts npm:assemblyscript@VERSION/asc");
  Deno.exit(1);
}
const { default: asc }: { default: Asc } = await import(specifier);
const target = new URL("../lib/data/pixels.wasm", import.meta.url);
const text = await Deno.readTextFile(new URL("../lib/data/pixels.as", import.meta.url));
let binary = new Uint8Array();
const { error, stderr } = await asc.main(
  ["pixels.ts", "--outFile", "pixels.wasm", "--runtime", "stub", "--noAssert", "-O3", "--enable", "simd"],
  {
    readFile: (name) => name === "pixels.ts" ? text : null,
    writeFile: (name, contents) => {
      if (name === "pixels.wasm" && typeof contents !== "string") binary = Uint8Array.from(contents);
    },
    listFiles: () => [],
  },
);
if (error !== null) {
  console.error(`Cannot compile pixels.as: ${stderr}`);
  Deno.exit(1);
}
const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
// A custom section (id 0) that names the source, so that a test notices where it was changed alone.
const name = new TextEncoder().encode("source");
const section = [0, 1 + name.length + hash.length, name.length, ...name, ...hash];
await Deno.writeFile(target, Uint8Array.from([...binary, ...section]));
console.log(`pixels.wasm: ${binary.length + section.length} bytes`);
