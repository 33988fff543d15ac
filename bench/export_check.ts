/**
 * Runs every exported format of a run on the test split's own photographs and compares with the trained detector:
 * `deno task bench:exports --run DIR --output DIR [--data DIR] [--images N]`, after `deno task export` for each of
 * onnx, saved-model, tfjs and web. Formats that are not there are passed over; the page needs Chromium, and is run on
 * WebAssembly and on WebGL.
 *
 * Prints a table, and writes `annotations.json` and each format's results for
 * `deno task evaluate --annotations annotations.json --detections onnx.json`. Fails where a box is missing or too many,
 * a score is off by over 1e-4 (the page shows three digits: 6e-4), or an edge by over 1e-4 of the canvas.
 *
 * @module
 */
import type { CanvasDetections } from "../lib/boxes/detections.ts";
import { drawOnCanvas, placeForEvaluation } from "../lib/data/canvas.ts";
import { readImage } from "../lib/data/decode.ts";
import { DetectionLoader } from "../lib/data/loader.ts";
import type { DetectionBatch, DetectionSample } from "../lib/data/sample.ts";
import { selectSamples } from "../lib/data/sample_list.ts";
import { type Detection, toDetections } from "../lib/eval/detection.ts";
import { ensureLibrary, startEngine } from "../lib/engine/mod.ts";
import { isFile } from "../lib/base/is_file.ts";
import { readRunConfig } from "../lib/run/run_folder.ts";
import { readTrainedNetwork } from "../lib/stages/trained_network.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { loading } from "../lib/train/loaded_set.ts";
import { indexStore } from "../tasks/index_store.ts";
import { ensureTestPackages } from "../tasks/test_packages.ts";
import { chromiumPath } from "../tests/helpers/chromium.ts";
import {
  type Differences,
  differencesOf,
  differencesText,
  noDifferences,
  together,
} from "./exports/differences.ts";
import {
  type ExportedDetector,
  fileFor,
  type Found,
  openOnnxFile,
  openSavedModelFolder,
  openTfjsModel,
  readDescription,
} from "./exports/formats.ts";
import { parseExportCheck } from "./exports/options.ts";
import { pageBackends, withExportedPage } from "./exports/page.ts";
import { annotationFile, resultFile } from "./exports/results.ts";
import { openTrained } from "./exports/trained.ts";

const { run: runDir, output, data, images } = parseExportCheck(Deno.args);
await ensureTestPackages(); // onnxruntime
// The trained detector, and the test split
const { path: libraryPath } = await ensureLibrary({});
const engine = await startEngine({ libraryPath, threads: 1 });
const dataSets = new DataSets(indexStore());
const network = await readTrainedNetwork(runDir, dataSets, data);
const stored = (await readRunConfig(runDir))!; // there is a run, as its network was read
const moved = stored.detectionData.kind === "folder" && data !== null ? { path: data } : {};
const config = { ...stored, detectionData: { ...stored.detectionData, ...moved } };
const { test } = await dataSets.detection(config);
const count = Math.min(test.samples.length, images);
const set = { ...test, samples: selectSamples(test.samples, Array.from({ length: count }, (_, i) => i)) };
await Deno.mkdir(output, { recursive: true });
await Deno.writeTextFile(`${output}/annotations.json`, annotationFile(set));
using trained = openTrained(engine, config, network);

// Files, on the canvases of `deno task evaluate`
const wanted = new Map<string, { batch: DetectionBatch; found: CanvasDetections }>();
const options = { ...loading(config), flip: false, verticalFlip: false, scaleJitter: [1, 1] as const };
{
  using loader = new DetectionLoader(set, { ...options, batchSize: 1 });
  for await (const { batch } of loader.evaluationBatches()) {
    wanted.set(batch.ids[0], { batch, found: trained.detect(batch) });
  }
}
await writeResults("trained", [...wanted.values()].map(({ batch, found }) => [batch, fromCanvas(found)]));
const openers = { onnx: openOnnxFile, "saved-model": openSavedModelFolder, tfjs: openTfjsModel };
const [scoreLimit, pageScoreLimit] = [1e-4, 6e-4]; // the page shows three digits
const edgeLimitPx = 1e-4 *
  Math.max(...options.canvases.flatMap(({ heightPx, widthPx }) => [heightPx, widthPx]));
let isGood = true;
for (const [format, open] of Object.entries(openers)) {
  const dir = `${runDir}/export/${format}`;
  if (!await isFile(`${dir}/detector.json`)) continue;
  const description = await readDescription(dir);
  const opened = new Map<string, ExportedDetector>();
  let sum = noDifferences;
  const results: [DetectionBatch, Found][] = [];
  for (const { batch, found: own } of wanted.values()) {
    const [, heightPx, widthPx] = batch.shape;
    const path = fileFor(dir, description, { heightPx, widthPx });
    const detector = opened.get(path) ?? await open(path);
    opened.set(path, detector);
    const found = await detector.detect(batch);
    sum = together(sum, checked(batch.ids[0], differencesOf(found, own), scoreLimit));
    results.push([batch, found]);
  }
  for (const detector of opened.values()) await detector[Symbol.asyncDispose]();
  await writeResults(format, results);
  tell(format, sum, scoreLimit);
}

// The page, which decodes the files by itself
const chromium = await chromiumPath();
const hasPage = chromium !== null && await isFile(`${runDir}/export/web/index.html`);
for (const backend of hasPage ? Object.keys(pageBackends) as (keyof typeof pageBackends)[] : []) {
  let sum = noDifferences;
  const results: Detection[] = [];
  const page = `${runDir}/export/web`;
  const isThere = await withExportedPage(chromium!, page, backend, network.classes, async (detect) => {
    for (const sample of set.samples) {
      if (!("file" in sample.source)) {
        throw new TypeError("Cannot drop generated images: wanted a run on files");
      }
      const found = await detect(sample.source.file);
      const batch = await wholeImage(sample);
      const differences = differencesOf(toCanvas(found, batch), trained.detect(batch));
      sum = together(sum, checked(sample.id, differences, pageScoreLimit));
      results.push(...toDetections(sample.id, toCanvas(found, batch), batch.placements[0]));
    }
  });
  if (isThere) {
    await Deno.writeTextFile(`${output}/web-${backend}.json`, resultFile(results));
    tell(`web on ${pageBackends[backend]}`, sum, pageScoreLimit);
  } else console.log(`-- web on ${pageBackends[backend]}: this browser has none`);
}
if (!isGood) Deno.exit(1);

/** The image as the page decodes it: whole, and then resized. */
async function wholeImage({ id, source, widthPx, heightPx }: DetectionSample): Promise<DetectionBatch> {
  const { batch } = wanted.get(id)!;
  const [, canvasHeightPx, canvasWidthPx] = batch.shape;
  const canvas = { heightPx: canvasHeightPx, widthPx: canvasWidthPx };
  const image = await readImage(source, { maxPixels: config.maxImagePixels });
  const placed = placeForEvaluation(image, { widthPx, heightPx, annotations: [] }, canvas);
  const images = new Uint8Array(batch.images.length);
  drawOnCanvas(placed.image, canvas, images);
  return { ...batch, images, placements: [placed.placement] };
}

function toCanvas(
  found: Found,
  { placements: [{ scaleX, scaleY }] }: DetectionBatch,
): CanvasDetections & Found {
  const boxes = Float32Array.from(found.boxes, (edge, i) => edge * (i % 2 === 0 ? scaleX : scaleY));
  return {
    ...fromArrays(boxes, found),
    boxes,
    scores: Float32Array.from(found.scores),
    classes: found.classes,
  };
}

function fromArrays(boxesXyxy: Float32Array<ArrayBuffer>, { scores, classes }: Found): CanvasDetections {
  return { boxesXyxy, scores: Float32Array.from(scores), classIndices: Int32Array.from(classes) };
}

function fromCanvas({ boxesXyxy, scores, classIndices }: CanvasDetections): Found {
  return { boxes: boxesXyxy, scores, classes: classIndices };
}

async function writeResults(
  name: string,
  results: readonly (readonly [DetectionBatch, Found])[],
): Promise<void> {
  const detections = results.flatMap(([{ ids, placements }, found]) =>
    toDetections(ids[0], fromArrays(Float32Array.from(found.boxes), found), placements[0])
  );
  await Deno.writeTextFile(`${output}/${name}.json`, resultFile(detections));
}

/** An image's differences, named if they are too large. */
function checked(id: string, differences: Differences, scoreLimit: number): Differences {
  if (!isSame(differences, scoreLimit)) console.log(`  ${id}: ${differencesText(differences)}`);
  return differences;
}

function isSame({ unpaired, score, boxPx }: Differences, scoreLimit: number): boolean {
  return unpaired === 0 && score <= scoreLimit && boxPx <= edgeLimitPx;
}

function tell(format: string, sum: Differences, scoreLimit: number): void {
  const good = isSame(sum, scoreLimit);
  isGood &&= good;
  console.log(`${good ? "ok" : "BAD"} ${format}: ${sum.images} images, ${differencesText(sum)}`);
}
