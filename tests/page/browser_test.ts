/** The exported page in a real browser; these tests are there only where Chromium is. */
import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import sharp from "sharp";
import { placeForEvaluation } from "../../lib/data/canvas.ts";
import { webFiles } from "../../lib/export/web_export.ts";
import { noiseImage, randomNetwork } from "../export/_random_network.ts";
import { chromiumPath, withPage } from "../helpers/chromium.ts";
import { assertClose } from "../helpers/close.ts";
import type { Look, Page } from "../helpers/dev_tools.ts";
import { drawnBoxes, drop, mediaTypeOf, setThreshold, shownRows } from "../helpers/exported_page.ts";
import { useEngine } from "../helpers/engine.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";

const chromium = await chromiumPath();
const engine = await useEngine();
const [width, height] = [150, 90];
const image = noiseImage(width, height);
const desktop: Look = { width: 1200, colorScheme: "light", reducedMotion: "no-preference" };

using random = randomNetwork(engine, tinyConfig, tinyArchitecture);
const wanted = await wantedDetections();
const site = new Map((await webFiles(random.network)).map(({ name, bytes }) => [name, bytes]));

/** Score, x, y, width and height of what the project finds, in the image's pixels. */
async function wantedDetections(): Promise<number[][]> {
  const sample = { widthPx: width, heightPx: height, annotations: [] };
  const canvas = { heightPx: 64, widthPx: 64 };
  const { image: placed, placement } = placeForEvaluation(image, sample, canvas);
  const { boxesXyxy, scores } = await random.detectPlaced(placed, canvas, placement);
  return Array.from(scores, (score, i) => {
    const [x1, y1, x2, y2] = boxesXyxy.subarray(4 * i, 4 * i + 4);
    const { scaleX, scaleY } = placement;
    return [score, x1 / scaleX, y1 / scaleY, (x2 - x1) / scaleX, (y2 - y1) / scaleY];
  });
}

/** Serves the page's files below a path, as a server does that knows nothing of them. */
function serveSite(): { url: string } & AsyncDisposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const name = new URL(url).pathname.replace(/^\/some\/where\//, "") || "index.html";
    const bytes = site.get(name);
    if (bytes === undefined) return new Response(null, { status: 404 });
    return new Response(bytes.slice(), { headers: { "content-type": mediaTypeOf(name) } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/some/where/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Where there is no GPU, Chromium warns of WebGL in software. */
const ofSoftwareWebGl = '"source":"rendering"';

function testPage(name: string, look: Look, test: (page: Page) => Promise<void>): void {
  if (chromium === null) return;
  Deno.test(name, async () => {
    await using server = serveSite();
    await withPage(chromium, async (page) => {
      await page.lookAt(look);
      await page.goTo(server.url);
      await page.until("document.getElementById('status')?.textContent === 'Ready.'");
      await test(page);
      assertEquals(page.complaints.filter((text) => !text.includes(ofSoftwareWebGl)), []);
    });
  });
}

if (chromium === null) console.log("No Chromium is here: the exported page is not tried in a browser.");

async function dropImage(page: Page): Promise<void> {
  const raw = { width, height, channels: 3 } as const;
  const png = await sharp(image.data, { raw }).png().toBuffer();
  await drop(page, new Uint8Array(png), "noise.png");
  await page.until("/Took .* ms/.test(document.getElementById('status').textContent)");
}

/** Waits for what takes long: WebGL in software compiles for many seconds. */
async function untilAtLast(page: Page, expression: string): Promise<void> {
  for (let attempt = 1; attempt < 4; attempt++) {
    if (await page.until(expression).then(() => true, () => false)) return;
  }
  await page.until(expression);
}

async function checkFound(page: Page): Promise<void> {
  await setThreshold(page, 0);
  const tolerance = { relative: 1e-4, absolute: 1e-3 };
  const scores = (await shownRows(page)).map(([, score]) => score);
  assertClose(scores, wanted.map(([score]) => score), "scores", tolerance);
  const boxes = await drawnBoxes(page);
  assertClose(boxes.flat(), wanted.flatMap(([, ...box]) => box), "boxes", tolerance);
}

testPage("the page draws what the project finds in an image that is dropped on it", desktop, async (page) => {
  await dropImage(page);
  assertGreater(wanted.length, 5);
  await checkFound(page);
});

testPage(
  "the page finds the same in an image that is translucent, once it is on white",
  desktop,
  async (page) => {
    const png = await sharp(translucent(image.data), { raw: { width, height, channels: 4 } }).png()
      .toBuffer();
    await drop(page, new Uint8Array(png), "glass.png", "image/png");
    await page.until("/Took .* ms/.test(document.getElementById('status').textContent)");
    await checkFound(page);
  },
);

/** RGBA that is these pixels once it is on white, each as translucent as it can be. */
function translucent(rgb: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: rgb.length / 3 * 4 }, (_, i) => {
    const [pixel, channel] = [i >> 2, i % 4];
    const colours = rgb.subarray(3 * pixel, 3 * pixel + 3);
    const alpha = 255 - Math.min(...colours, 254);
    if (channel === 3) return alpha;
    return 255 - Math.round((255 - colours[channel]) * 255 / alpha);
  });
}

testPage("the page draws the same boxes when WebGL computes", desktop, async (page) => {
  await dropImage(page);
  const hasWebGl = await page.evaluate<boolean>(
    "document.createElement('canvas').getContext('webgl2') !== null",
  );
  await page.evaluate(`{
    const backend = document.getElementById("backend");
    backend.value = "webgl";
    backend.dispatchEvent(new Event("change"));
  }`);
  const ending = hasWebGl ? "on WebGL" : "WebAssembly is used";
  await untilAtLast(page, `document.getElementById("status").textContent.includes("${ending}")`);
  await checkFound(page);
});

testPage("the page's slider goes by keys and leaves out what scores less", desktop, async (page) => {
  await dropImage(page);
  await page.evaluate("document.getElementById('threshold').focus()");
  await page.press("Home");
  assertEquals((await drawnBoxes(page)).length, wanted.length);
  const middle = wanted[2][0] - 0.005;
  await setThreshold(page, middle);
  const shown = wanted.filter(([score]) => score >= Math.round(middle * 100) / 100);
  assertEquals((await drawnBoxes(page)).length, shown.length);
});

testPage("the page says what is wrong with a file that is no image", desktop, async (page) => {
  await drop(page, new TextEncoder().encode("hello"), "notes.txt", "text/plain");
  await page.until("document.getElementById('status').className === 'error'");
  assertStringIncludes(
    await page.evaluate("document.getElementById('status').textContent"),
    "Cannot read notes.txt as an image: found a file text/plain, wanted a JPEG, PNG or WebP",
  );
});

testPage(
  "nothing of the page sticks out on a narrow dark screen, before and after an image",
  { width: 360, colorScheme: "dark", reducedMotion: "reduce" },
  async (page) => {
    const isWide = "document.documentElement.scrollWidth > innerWidth";
    assertEquals(await page.evaluate(isWide), false);
    await dropImage(page);
    assertEquals(await page.evaluate(isWide), false);
    assertEquals(await page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(14, 17, 22)");
  },
);
