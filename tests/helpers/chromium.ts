/**
 * Headless Chromium, where there is one.
 *
 * @module
 */
import { chromium, type Page } from "playwright-core";
import { isFile } from "../../lib/base/is_file.ts";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where Chromium is; null if there is none. `DETNAS_CHROMIUM` names another. */
export async function chromiumPath(): Promise<string | null> {
  const named = Deno.env.get("DETNAS_CHROMIUM");
  for (const path of named === undefined ? places : [named]) {
    if (await isFile(path)) return path;
  }
  return null;
}

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
  readonly reducedMotion: "reduce" | "no-preference";
}

/**
 * Hands a test a new page of a new browser, and closes both.
 *
 * @param executablePath Where Chromium is.
 * @param test Its second argument gathers what the page complains about: errors, and warnings on its console.
 */
export async function withPage(
  executablePath: string,
  { width, ...look }: Look,
  test: (page: Page, complaints: string[]) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    const page = await browser.newPage({ viewport: { width, height: 800 }, ...look });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    await test(page, complaints);
  } finally {
    await browser.close();
  }
}
