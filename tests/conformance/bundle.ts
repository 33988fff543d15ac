/**
 * Bundles tfjs-core's test suite: its files import one another as only bundlers understand.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { fileURLToPath } from "node:url";

/** Where the bundle goes, below the repository's root. */
const BUNDLE = new URL("../../.cache/conformance/tfjs_core_tests.mjs", import.meta.url);
const ENTRY = new URL("entry.js", import.meta.url);

/** The suite still calls `require` in places. */
const BANNER = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

/**
 * Writes the bundle.
 *
 * @returns Its URL, for `import()` once jasmine's globals are there.
 */
export async function bundleTests(): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(ENTRY)],
    outfile: fileURLToPath(BUNDLE),
    bundle: true,
    format: "esm",
    platform: "node",
    mainFields: ["module", "main"],
    ignoreAnnotations: true, // the suite's files are declared free of side effects, which tests are not
    banner: { js: BANNER },
    logLevel: "error",
  });
  await stop();
  return BUNDLE.href;
}
