/**
 * The page's entry: an image comes in, its objects are drawn. Bundled for browsers with tfjs.
 *
 * @module
 */
/// <reference lib="dom" />
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgl";
import * as tf from "@tensorflow/tfjs-core";
import type { RgbImage } from "../data/sample.ts";
import { classColors } from "../report/stylesheet.ts";
import { drawBoxes } from "./drawn_boxes.ts";
import { readImageFile } from "./image_file.ts";
import { type PageDescription, type PageDetection, PageDetector } from "./page_detector.ts";

/** What a fresh page shows; weaker detections are drawn once the slider asks for them. */
const firstThreshold = 0.3;

/** The page's elements, by id. */
function byId(id: string): HTMLElement;
function byId<E extends Element>(id: string, kind: new () => E): E;
function byId(id: string, kind: new () => Element = HTMLElement): Element {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new TypeError(`Cannot find ${kind.name} #${id}: the page and its script are of different versions`);
  }
  return found;
}

/** What the page shows. */
class Page {
  readonly #description: PageDescription;
  readonly #detector: PageDetector;
  #image: RgbImage | null = null;
  #detections: readonly PageDetection[] | null = null;
  #tookMs = 0;
  #address: string | null = null;
  #calls = 0;
  #earlier: Promise<void> = Promise.resolve();

  constructor(description: PageDescription) {
    this.#description = description;
    this.#detector = new PageDetector(
      description.input.canvases,
      ({ file }) => new URL(file, document.baseURI).href,
    );
  }

  /** Shows a file's image and detects in it. */
  async open(file: Blob, name: string): Promise<void> {
    const image = await readImageFile(file, name);
    this.#image = image;
    this.#detections = null;
    this.#showImage(file, name, image);
    await this.detect();
  }

  /** Detects in the image that is shown, if one is; of several calls the last one counts. */
  async detect(): Promise<void> {
    const image = this.#image;
    const call = ++this.#calls;
    if (image === null) return;
    byId("frame").classList.add("busy");
    say("Looking …");
    this.#earlier = this.#earlier.catch(() => {}).then(() => this.#detectNow(image, call));
    try {
      await this.#earlier;
    } finally {
      if (call === this.#calls) byId("frame").classList.remove("busy");
    }
  }

  /** Draws what the threshold lets through. */
  draw(): void {
    const threshold = byId("threshold", HTMLInputElement).valueAsNumber;
    byId("thresholdText").textContent = threshold.toFixed(2);
    if (this.#image === null || this.#detections === null) return;
    const shown = this.#detections.filter(({ score }) => score >= threshold);
    const { width: widthPx, height: heightPx } = this.#image;
    const unit = widthPx / (byId("image").clientWidth || widthPx);
    drawBoxes(byId("boxes", SVGSVGElement), shown, {
      widthPx,
      heightPx,
      unit,
      nameOf: (classIndex) => this.#description.classes[classIndex],
      colorOf,
    });
    this.#showLegend(shown);
    showRows(shown, this.#description.classes);
    const weaker = this.#detections.length - shown.length;
    const others = weaker === 0 ? "" : `, ${weaker} more below this score`;
    say(`${count(shown.length, "object")}${others}. Took ${this.#tookMs.toFixed(0)} ms on ${backendName()}.`);
  }

  /** Changes what computes. */
  async runOn(backend: string): Promise<void> {
    await this.#earlier.catch(() => {});
    await this.#detector.unload();
    await useBackend(backend);
    await this.detect();
  }

  async #detectNow(image: RgbImage, call: number): Promise<void> {
    if (call !== this.#calls) return; // another image or backend has been chosen meanwhile
    await nextFrame(); // the image is seen before the work begins
    await this.#detector.prepare(image.width, image.height);
    const start = performance.now();
    const detections = await this.#detector.detect(image);
    if (call !== this.#calls) return;
    this.#tookMs = performance.now() - start;
    this.#detections = detections;
    this.draw();
  }

  #showImage(file: Blob, name: string, { width, height }: RgbImage): void {
    if (this.#address !== null) URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(file);
    const image = byId("image", HTMLImageElement);
    [image.width, image.height] = [width, height];
    byId("frame").style.width = `min(100%, ${(76 * width / height).toFixed(2)}vh)`; // small images are enlarged, none scrolls
    image.src = this.#address;
    image.alt = name;
    byId("boxes", SVGSVGElement).replaceChildren();
    byId("empty").hidden = true;
    byId("picture").hidden = false;
    byId("legend").replaceChildren();
    byId("list").hidden = true;
  }

  #showLegend(shown: readonly PageDetection[]): void {
    byId("legend").replaceChildren(...this.#description.classes.flatMap((name, classIndex) => {
      const found = shown.filter((one) => one.classIndex === classIndex).length;
      return found === 0 && this.#description.classes.length > 8 ? [] : [legendKey(name, found, classIndex)];
    }));
  }
}

function legendKey(name: string, found: number, classIndex: number): HTMLElement {
  const key = document.createElement("span");
  key.className = found === 0 ? "key none" : "key";
  const chip = document.createElement("i");
  chip.style.background = colorOf(classIndex);
  key.append(chip, `${name} ${found}`);
  return key;
}

function showRows(shown: readonly PageDetection[], classes: readonly string[]): void {
  byId("list").hidden = shown.length === 0;
  byId("rows").replaceChildren(...shown.map(({ boxXyxy, score, classIndex }) => {
    const row = document.createElement("tr");
    const cells = [classes[classIndex], score.toFixed(3), ...boxXyxy.map((edge) => edge.toFixed(1))];
    row.append(...cells.map((text) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      return cell;
    }));
    return row;
  }));
}

function colorOf(classIndex: number): string {
  return classColors[classIndex % classColors.length];
}

function say(text: string): void {
  byId("status").classList.remove("error");
  byId("status").textContent = text;
}

/** Says what went wrong. */
function complain(error: unknown): void {
  byId("status").classList.add("error");
  byId("status").textContent = error instanceof Error ? error.message : String(error);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

async function useBackend(name: string): Promise<void> {
  if (await tf.setBackend(name)) return await tf.ready();
  await tf.setBackend("wasm");
  byId("backend", HTMLSelectElement).value = "wasm";
  throw new TypeError(`Cannot run on ${name}: this browser has none; WebAssembly is used`);
}

function backendName(): string {
  return tf.getBackend() === "webgl" ? "WebGL" : "WebAssembly";
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

async function fetchDescription(): Promise<PageDescription> {
  if (location.protocol === "file:") {
    throw new TypeError(
      "Cannot read the model as this page was opened as a file: put its folder on any web server, " +
        "e.g. with `python3 -m http.server` in it, and open the address that it names",
    );
  }
  const address = new URL("detector.json", document.baseURI).href;
  const response = await fetch(address);
  if (!response.ok) throw new TypeError(`Cannot read ${address}: the server answered ${response.status}`);
  return await response.json();
}

/** An image among what was dropped or pasted. */
function imageIn(data: DataTransfer | null): File | undefined {
  return [...data?.files ?? []].find(({ type }) => type.startsWith("image/")) ?? data?.files[0];
}

function listen(page: Page): void {
  const open = (file: File | undefined): void => {
    if (file !== undefined) page.open(file, file.name).catch(complain);
  };
  for (const id of ["file", "camera"]) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener("change", () => {
      open(input.files?.[0]);
      input.value = ""; // the same file may be chosen again
    });
  }
  document.addEventListener("paste", (event) => open(imageIn(event.clipboardData)));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    open(imageIn(event.dataTransfer));
  });
  byId("threshold").addEventListener("input", () => page.draw());
  const backend = byId("backend", HTMLSelectElement);
  backend.addEventListener("change", () => page.runOn(backend.value).catch(complain));
  new ResizeObserver(() => page.draw()).observe(byId("image"));
}

async function start(): Promise<void> {
  say("Loading …");
  const description = await fetchDescription();
  const { detection: { scoreThreshold } } = description;
  byId("classes").textContent = new Intl.ListFormat("en").format(description.classes.slice(0, 12)) +
    (description.classes.length > 12 ? " and more" : "");
  const threshold = byId("threshold", HTMLInputElement);
  threshold.min = String(scoreThreshold);
  threshold.max = "1";
  threshold.value = String(Math.max(firstThreshold, scoreThreshold));
  setWasmPaths(new URL("wasm/", document.baseURI).href);
  await useBackend("wasm");
  const page = new Page(description);
  page.draw();
  listen(page);
  byId("empty").hidden = false;
  say("Ready.");
}

start().catch(complain);
