/**
 * A page that detects in any browser: put its files on a web server, below whatever path.
 *
 * @module
 */
import { createRequire } from "node:module";
import { colorVariables } from "../report/stylesheet.ts";
import { type ExportedFile, fileOfText } from "./exported_file.ts";
import type { TrainedNetwork } from "./network_graph.ts";
import { bundledPage } from "./page_script.ts";
import { tfjsFiles } from "./tfjs_export.ts";

/** tfjs's WebAssembly: which one is fetched depends on the browser. */
const webAssemblyFiles: readonly string[] = ["", "-simd", "-threaded-simd"].map((kind) =>
  `tfjs-backend-wasm${kind}.wasm`
);

/**
 * The files of a page, `index.html` first and the detector's description last. The page's script is bundled by a
 * process of its own, which takes about a second.
 *
 * @throws {Error} If it can't be bundled. Throws what the graphs throw, too.
 */
export async function webFiles(network: TrainedNetwork): Promise<ExportedFile[]> {
  return [
    fileOfText("index.html", await pageFile("index.html")),
    fileOfText("page.css", colorVariables + await pageFile("page.css")),
    { name: "page.js", bytes: await bundledPage() },
    ...await Promise.all(webAssemblyFiles.map(webAssemblyFile)),
    ...tfjsFiles(network, "detector"),
  ];
}

/** How the page is opened. */
export function webUsage(dir: string): string[] {
  return [
    `python3 -m http.server 8000 --bind 127.0.0.1 --directory ${dir}`,
    "# then open http://127.0.0.1:8000 in a browser; any web server will do, opened as a file it can't read its model",
  ];
}

async function pageFile(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../page/${name}`, import.meta.url));
}

async function webAssemblyFile(name: string): Promise<ExportedFile> {
  const { resolve } = createRequire(import.meta.url);
  return {
    name: `wasm/${name}`,
    bytes: await Deno.readFile(resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`)),
  };
}
