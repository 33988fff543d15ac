/**
 * The exported page in Chromium: photographs are dropped on it as files, and what it draws is read back.
 *
 * @module
 */
import { basename } from "node:path";
import { withPage } from "../../tests/helpers/chromium.ts";
import type { Page } from "../../tests/helpers/dev_tools.ts";
import { drawnBoxes, drop, mediaTypeOf, setThreshold, shownRows } from "../../tests/helpers/exported_page.ts";
import type { Found } from "./formats.ts";

/** What computes on the page, by the name in its list, and how the page says so. */
export const pageBackends = { wasm: "WebAssembly", webgl: "WebGL" } as const;

/** Detects in an image file: boxes in pixels of the image, scores as the page writes them, to three digits. */
export type DetectOnPage = (file: string) => Promise<Found>;

/**
 * Serves an exported page, opens it, and hands over what detects with it.
 *
 * @param chromium The browser's path.
 * @param dir The exported folder.
 * @param backend What is to compute.
 * @param classes In the order of their numbers.
 * @returns Whether the browser has the backend; if it has not, nothing is handed over.
 */
export async function withExportedPage(
  chromium: string,
  dir: string,
  backend: keyof typeof pageBackends,
  classes: readonly string[],
  use: (detect: DetectOnPage) => Promise<void>,
): Promise<boolean> {
  let isThere = true;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const name = new URL(url).pathname.replace(/^\//, "") || "index.html";
    const bytes = await Deno.readFile(`${dir}/${name}`);
    return new Response(bytes, { headers: { "content-type": mediaTypeOf(name) } });
  });
  try {
    await withPage(chromium, async (page) => {
      await page.goTo(`http://127.0.0.1:${server.addr.port}/`);
      await waitFor(page, "Ready.");
      isThere = backend === "wasm" || await page.evaluate<boolean>(hasWebGl);
      if (!isThere) return;
      await page.evaluate(`{
        const list = document.getElementById("backend");
        list.value = "${backend}";
        list.dispatchEvent(new Event("change"));
      }`);
      await use((file) => detect(page, file, pageBackends[backend], classes));
    });
  } finally {
    await server.shutdown();
  }
  return isThere;
}

const hasWebGl = "document.createElement('canvas').getContext('webgl2') !== null";

async function detect(page: Page, file: string, on: string, classes: readonly string[]): Promise<Found> {
  await page.evaluate(`document.getElementById("status").textContent = "waiting"`);
  await drop(page, await Deno.readFile(file), basename(file));
  await waitFor(page, `ms on ${on}.`);
  await setThreshold(page, 0);
  const [rows, boxes] = [await shownRows(page), await drawnBoxes(page)];
  return {
    boxes: boxes.flatMap(([x, y, width, height]) => [x, y, x + width, y + height]),
    scores: rows.map(([, score]) => score),
    classes: rows.map(([name]) => classes.indexOf(name)),
  };
}

/** Waits for the page to say something, as long as a busy machine takes. */
async function waitFor(page: Page, words: string): Promise<void> {
  for (let attempt = 1; attempt <= 6; attempt++) {
    const isSaid = `document.getElementById("status")?.textContent.includes("${words}")`;
    if (await page.until(isSaid).then(() => true, () => false)) return;
  }
  const status = await page.evaluate<string>(`document.getElementById("status")?.textContent`);
  throw new Error(
    `Cannot use the page as it does not say "${words}": it says ${status} ${page.complaints.join("; ")}`,
  );
}
