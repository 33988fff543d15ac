/** The page in a real browser; these tests are there only where Chromium is. */
import { assert, assertEquals } from "@std/assert";
import { serveDashboard } from "../../lib/dashboard/server.ts";
import type { RunFolder } from "../../lib/run/run_folder.ts";
import { writeSnapshot } from "../../lib/run/snapshots.ts";
import { chromiumPath, withPage } from "../helpers/chromium.ts";
import type { Look, Page } from "../helpers/dev_tools.ts";
import contrasts from "./_contrasts.js" with { type: "text" };
import { candidate, fillRun, record, search, snapshot, withRun } from "./_run_fixture.ts";

const chromium = await chromiumPath();
const desktop: Look = { width: 1200, colorScheme: "light", reducedMotion: "no-preference" };

/** A test of the page of a filled run; its third argument ends the dashboard. */
function testPage(
  name: string,
  look: Look,
  test: (page: Page, run: RunFolder, end: () => PromiseLike<void>) => Promise<void>,
): void {
  if (chromium === null) return;
  Deno.test(name, () =>
    withRun(async (run) => {
      await fillRun(run);
      await using dashboard = serveDashboard({ runDir: run.dir, port: 0, isOwnRun: true });
      await withPage(chromium, async (page) => {
        await page.lookAt(look);
        await page.goTo(dashboard.url);
        await page.until("document.getElementById('part-photographs') && state.textContent === 'Live'");
        await test(page, run, () => dashboard[Symbol.asyncDispose]());
        assertEquals(page.complaints, []);
      });
    }));
}

function count(page: Page, selector: string): Promise<number> {
  return page.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
}

function textOf(page: Page, id: string): Promise<string> {
  return page.evaluate(`document.getElementById("${id}").textContent`);
}

/** How many candidates can be seen. */
function seenCandidates(page: Page): Promise<number> {
  const shown = '.moments g[class^="frame-"]:not(.later)';
  return count(page, `${shown} path, ${shown} circle`);
}

testPage(
  "a browser shows a run's stages, curves, candidates, front and best architecture",
  desktop,
  async (page) => {
    assertEquals(await count(page, "#part-stages tbody tr"), 6);
    assertEquals(await count(page, "#training .curve path"), 8);
    assertEquals(await seenCandidates(page), 12);
    assertEquals(await count(page, '.moments g[class^="front-"]:not(.later)'), 2);
    assertEquals(await count(page, '#architecture [aria-label="block"]'), 5);
  },
);

testPage(
  "a look at the network comes into the open page, and its boxes are seen",
  desktop,
  async (page, run) => {
    assertEquals(await count(page, "#photographs svg image"), 0);
    await writeSnapshot(run.paths.detections, snapshot("finetune", 20));
    await page.until("document.querySelector('#photographs svg image')");
    assertEquals(await count(page, '#photographs [aria-label="detection"]'), 1);
    assertEquals(await textOf(page, "part-photographs").then((text) => text.includes("step 20 of 60")), true);
    const width = "document.querySelector('#photographs .picture svg').getBoundingClientRect().width";
    assert(await page.evaluate<number>(width) > 100);
  },
);

testPage("the slider's keys show the population as it was at a generation", desktop, async (page) => {
  assertEquals(await textOf(page, "moment-text"), "3 of 3");
  await page.evaluate("moment.focus()");
  await page.press("ArrowLeft");
  assertEquals([await textOf(page, "moment-text"), await seenCandidates(page)], ["2 of 3", 8]);
  await page.press("Home");
  assertEquals([await textOf(page, "moment-text"), await seenCandidates(page)], ["1 of 3", 4]);
  assertEquals(await page.evaluate("moment.getAttribute('aria-valuetext')"), "generation 1 of 3");
});

testPage("playing goes through the generations to the last, and stops there", desktop, async (page) => {
  await page.evaluate("play.focus()");
  await page.press("Enter");
  assertEquals([await textOf(page, "play"), await textOf(page, "moment-text")], ["Pause", "1 of 3"]);
  await page.until("play.textContent === 'Play'");
  assertEquals(await textOf(page, "moment-text"), "3 of 3");
});

testPage(
  "the page follows the run, keeps the generation that is looked at, and stays when the command ends",
  {
    ...desktop,
    colorScheme: "dark",
  },
  async (page, run, end) => {
    await page.evaluate("moment.focus()");
    await page.press("Home");
    search(run, [candidate(3, 0)]);
    await Deno.writeTextFile(run.paths.metrics, record("retrain", 1, 12), { append: true });
    await page.until("document.getElementById('part-training-retrain')");
    await page.until("document.getElementById('moment-text').textContent === '1 of 4'");
    assertEquals(await seenCandidates(page), 4);
    await end();
    await page.until("state.textContent.startsWith('Ended')");
    assertEquals(await count(page, "#part-stages tr.stopped"), 1);
    assertEquals(await count(page, '#architecture [aria-label="block"]'), 5);
  },
);

testPage("a telephone's width is enough, and nothing moves for those who ask for that", {
  width: 360,
  colorScheme: "light",
  reducedMotion: "reduce",
}, async (page, run) => {
  await writeSnapshot(run.paths.detections, snapshot("finetune", 20));
  await page.until("document.querySelector('#photographs svg image')");
  const root = "document.documentElement";
  assertEquals(await page.evaluate(`[${root}.clientWidth, ${root}.scrollWidth]`), [360, 360]);
  assertEquals(await page.evaluate("document.getAnimations().length"), 0);
});

testPage("text and its ground differ enough, light and dark (WCAG AA)", desktop, async (page, run) => {
  await writeSnapshot(run.paths.detections, snapshot("finetune", 20));
  await page.until("document.querySelector('#photographs svg image')");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.lookAt({ ...desktop, colorScheme });
    const ratios = await page.evaluate<{ text: string; ratio: number }[]>(contrasts);
    assert(ratios.length > 50, `${ratios.length} texts`);
    assertEquals(ratios.filter(({ ratio }) => ratio < 4.5), [], colorScheme);
  }
});
