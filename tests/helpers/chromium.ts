/**
 * Headless Chromium, where there is one, by the DevTools protocol: the libraries for it ask for every permission.
 *
 * @module
 */
import { isFile } from "../../lib/base/is_file.ts";
import { DevTools, Page } from "./dev_tools.ts";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** Where Chromium is; null if there is none. */
export async function chromiumPath(): Promise<string | null> {
  for (const path of places) if (await isFile(path)) return path;
  return null;
}

/**
 * Hands a test an empty page of a new browser, and ends the browser.
 *
 * @param path Where Chromium is.
 */
export async function withPage(path: string, test: (page: Page) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "detnas_chromium_" });
  const browser = new Deno.Command(path, {
    args: [...flags, `--user-data-dir=${folder}`, "about:blank"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const address = Promise.withResolvers<string>();
  const output = findAddress(browser.stderr, address);
  try {
    await using tools = await DevTools.connect(await address.promise);
    await test(await Page.open(tools));
    await tools.call("Browser.close");
  } finally {
    const deadline = setTimeout(() => browser.kill("SIGKILL"), 5000);
    await Promise.all([browser.status, output]);
    clearTimeout(deadline);
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads to the end, as a full pipe would stop the browser. */
async function findAddress(
  stderr: ReadableStream<Uint8Array<ArrayBuffer>>,
  address: PromiseWithResolvers<string>,
): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stderr) {
    text += decoder.decode(chunk, { stream: true });
    const found = text.match(/DevTools listening on (ws:\S+)/);
    if (found !== null) address.resolve(found[1]);
  }
  address.reject(new Error(`Cannot reach Chromium: it said ${text}`));
}
