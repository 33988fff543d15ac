/**
 * Compiles lib/data/pixels.as into pixels.wasm beside it: `deno run -A bench/build_pixels.ts`, after a change there.
 *
 * @module
 */
import asc from "npm:assemblyscript@0.28.20/asc";

const source = new URL("../lib/data/pixels.as", import.meta.url);
const target = new URL("../lib/data/pixels.wasm", import.meta.url);
const text = await Deno.readTextFile(source);
let binary = new Uint8Array();
const { error, stderr } = await asc.main(
  ["pixels.ts", "--outFile", "pixels.wasm", "--runtime", "stub", "--noAssert", "-O3", "--enable", "simd"],
  {
    readFile: (name: string) => name === "pixels.ts" ? text : null,
    writeFile: (name, contents) => {
      if (name === "pixels.wasm" && typeof contents !== "string") binary = Uint8Array.from(contents);
    },
    listFiles: () => [],
  },
);
if (error !== null) {
  console.error(`Cannot compile ${source.pathname}: ${stderr}`);
  Deno.exit(1);
}
await Deno.writeFile(target, binary);
console.log(`${target.pathname}: ${binary.length} bytes`);
