/**
 * The page that an export detects with, as somebody uses it in a browser.
 *
 * @module
 */
import { extname } from "node:path";
import type { Page } from "./dev_tools.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
};

/** A file's media type, by its name. */
export function mediaTypeOf(name: string): string {
  return types[extname(name).toLowerCase()] ?? "application/octet-stream";
}

/** Drops a file onto the page; it is read after that. */
export async function drop(
  page: Page,
  bytes: Uint8Array,
  name: string,
  type = mediaTypeOf(name),
): Promise<void> {
  await page.evaluate(`{
    const bytes = Uint8Array.from(atob("${bytes.toBase64()}"), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], ${JSON.stringify(name)}, { type: "${type}" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }`);
}

/** Moves the slider: what scores less is not shown. */
export async function setThreshold(page: Page, value: number): Promise<void> {
  await page.evaluate(`{
    const slider = document.getElementById("threshold");
    slider.value = ${value};
    slider.dispatchEvent(new Event("input"));
  }`);
}

/** x, y, width and height of the boxes drawn, in pixels of the image, the best first. */
export async function drawnBoxes(page: Page): Promise<number[][]> {
  const boxes = await page.evaluate<number[][]>(
    `[...document.querySelectorAll("#boxes > rect[stroke='#000']")]
      .map((box) => ["x", "y", "width", "height"].map((name) => Number(box.getAttribute(name))))`,
  );
  return boxes.reverse(); // the best is drawn last
}

/** The table's rows: class and score, to three digits, the best first. */
export async function shownRows(page: Page): Promise<[name: string, score: number][]> {
  return await page.evaluate(
    `[...document.querySelectorAll("#rows tr")].map((row) =>
      [row.children[0].textContent, Number(row.children[1].textContent)])`,
  );
}
