/**
 * Starts the process that bundles the page's script: esbuild is a program of its own, and only that process may run it.
 *
 * @module
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { withoutLibraryPath } from "../base/child_environment.ts";

const bundler = new URL("./page_bundler.ts", import.meta.url);

/**
 * Bundles the page's script.
 *
 * @returns JavaScript for browsers, tfjs included.
 * @throws {Error} If the bundler fails; the message is what it said.
 */
export async function bundledPage(): Promise<Uint8Array> {
  const { success, code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      `--allow-run=${esbuildProgram()}`,
      fileURLToPath(bundler),
    ],
    env: withoutLibraryPath,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return stdout;
  throw new Error(
    `Cannot bundle the page's script: the bundler ended with code ${code}: ${
      new TextDecoder().decode(stderr).trim()
    }`,
  );
}

/** The program that esbuild's package starts on this machine. */
function esbuildProgram(): string {
  const { os, arch } = Deno.build;
  const platform = os === "windows" ? "win32" : os;
  const cpu = arch === "aarch64" ? "arm64" : "x64";
  const program = os === "windows" ? "esbuild.exe" : "bin/esbuild";
  const ofPackage = createRequire(createRequire(import.meta.url).resolve("esbuild"));
  return ofPackage.resolve(`@esbuild/${platform}-${cpu}/${program}`);
}
