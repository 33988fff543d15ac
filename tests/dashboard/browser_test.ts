/** The page in a real browser; these tests are there only where Chromium is. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { serveDashboard } from "../../lib/dashboard/server.ts";
import type { RunFolder } from "../../lib/run/run_folder.ts";
import { chromiumPath, type Look, withPage } from "../helpers/chromium.ts";
import { candidate, fillRun, record, search, withRun } from "./_run_fixture.ts";

const chromium = await chromiumPath();
const desktop: Look = { width: 1200, colorScheme: "light", reducedMotion: "no-preference" };

/** A test of the page of a filled run. */
function testPage(
  name: string,
  look: Look,
  test: (page: Page, run: RunFolder, close: () => Promise<void>) => Promise<void>,
): void {
  if (chromium === null) return;
  Deno.test({
    name,
    // playwright keeps its pipes to the browser for a moment after it is closed
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      withRun(async (run) => {
        await fillRun(run);
        await using dashboard = serveDashboard({ runDir: run.dir, port: 0, isOwnRun: true });
        await withPage(chromium, look, async (page, complaints) => {
          await page.goto(dashboard.url);
          await page.waitForSelector("#part-photographs", { state: "attached" });
          await test(page, run, () => dashboard[Symbol.asyncDispose]());
          assertEquals(complaints, []);
        });
      }),
  });
}

/** How many candidates can be seen. */
function seenCandidates(page: Page): Promise<number> {
  return page.locator(
    '.moments g[class^="frame-"]:not(.later) path, .moments g[class^="frame-"]:not(.later) circle',
  )
    .count();
}

testPage(
  "a browser shows a run's stages, curves, candidates, front and best architecture",
  desktop,
  async (page) => {
    assertEquals(await page.textContent("#state"), "Live");
    assertEquals(await page.locator("#part-stages tbody tr").count(), 6);
    assertEquals(await page.locator("#training path.curve, #training .curve path").count(), 8);
    assertEquals(await seenCandidates(page), 12);
    assertEquals(await page.locator('.moments g[class^="front-"]:not(.later)').count(), 2);
    assertEquals(await page.locator('#architecture [aria-label="block"]').count(), 5);
  },
);

testPage("the slider and its keys show the population as it was at a generation", desktop, async (page) => {
  assertEquals(await page.textContent("#moment-text"), "3 of 3");
  await page.focus("#moment");
  await page.keyboard.press("ArrowLeft");
  assertEquals([await page.textContent("#moment-text"), await seenCandidates(page)], ["2 of 3", 8]);
  await page.keyboard.press("Home");
  assertEquals([await page.textContent("#moment-text"), await seenCandidates(page)], ["1 of 3", 4]);
  assertEquals(await page.getAttribute("#moment", "aria-valuetext"), "generation 1 of 3");
});

testPage("playing goes through the generations to the last, and stops there", desktop, async (page) => {
  await page.focus("#play");
  await page.keyboard.press("Enter");
  assertEquals([await page.textContent("#play"), await page.textContent("#moment-text")], [
    "Pause",
    "1 of 3",
  ]);
  await page.waitForFunction(() => document.getElementById("play")?.textContent === "Play");
  assertEquals(await page.textContent("#moment-text"), "3 of 3");
});

testPage(
  "the page follows the run, keeps the generation that is looked at, and stays when the command ends",
  {
    ...desktop,
    colorScheme: "dark",
  },
  async (page, run, close) => {
    await page.focus("#moment");
    await page.keyboard.press("Home");
    search(run, [candidate(3, 0)]);
    await Deno.writeTextFile(run.paths.metrics, record("retrain", 1, 12), { append: true });
    await page.waitForSelector("#part-training-retrain");
    await page.waitForFunction(() => document.getElementById("moment-text")?.textContent === "1 of 4");
    assertEquals(await seenCandidates(page), 4);
    await close();
    await page.waitForFunction(() => document.getElementById("state")?.textContent?.startsWith("Ended"));
    assertEquals(await page.locator("#part-stages tr.stopped").count(), 1);
    assertEquals(await page.locator('#architecture [aria-label="block"]').count(), 5);
  },
);

testPage("a telephone's width is enough, and nothing moves for those who ask for that", {
  width: 360,
  colorScheme: "light",
  reducedMotion: "reduce",
}, async (page) => {
  const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
  assert(scrollWidth <= clientWidth, `${scrollWidth} > ${clientWidth}`);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assertEquals(moving, 0);
});

testPage("text and its ground differ enough, light and dark (WCAG AA)", desktop, async (page) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const ratios = await page.evaluate(contrasts);
    assert(ratios.length > 10, `${ratios.length} texts`);
    assertEquals(ratios.filter(({ ratio }) => ratio < 4.5), [], colorScheme);
  }
});

/** Runs in the page: the contrast of each element's own text with the colour behind it. */
function contrasts(): { text: string; ratio: number }[] {
  const numbers = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string): number => {
    const [r, g, b] = numbers(color).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element: Element): string => {
    const { backgroundColor } = getComputedStyle(element);
    if (numbers(backgroundColor)[3] !== 0) return backgroundColor;
    return element.parentElement === null ? "rgb(255, 255, 255)" : groundOf(element.parentElement);
  };
  const elements = [
    ...document.querySelectorAll("h1, h2, h3, p, a, th, td, span, b, label, output, button, figcaption"),
  ];
  return elements.filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.nodeValue?.trim())
  )
    .map((one) => {
      const [a, b] = [luminance(getComputedStyle(one).color), luminance(groundOf(one))].sort((x, y) => y - x);
      return { text: one.textContent ?? "", ratio: (a + 0.05) / (b + 0.05) };
    });
}
