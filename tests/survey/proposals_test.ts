import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { pyramidAnchors } from "../../lib/boxes/anchors.ts";
import { iouMatrix } from "../../lib/boxes/iou.ts";
import { stream } from "../../lib/base/random.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { anchorFit } from "../../lib/survey/anchor_recall.ts";
import type { BoxExtent } from "../../lib/survey/data_survey.ts";
import { fittedAspectRatios, proposeAnchors } from "../../lib/survey/propose_anchors.ts";
import { proposeCanvases } from "../../lib/survey/propose_canvases.ts";
import { proposeSchedule } from "../../lib/survey/propose_schedule.ts";
import { propose } from "../../lib/survey/proposals.ts";
import { configs } from "../../tasks/configs/mod.ts";
import { dataOf, type PlantedBox, sampleOf } from "./planted.ts";

function configNamed(name: string): Config {
  const detectionData = { kind: "folder", path: "x", searchImages: null };
  return parseConfig({ ...configs.get(name), detectionData, device: { kind: "cpu", threads: 1 } }, name);
}

const photos = configNamed("photos");
const thresholds = { foregroundIou: 0.5, backgroundIou: 0.4 };

/** Boxes of sides from low to high px, near a ratio of height to width. */
function someExtents(count: number, low: number, high: number, ratio: number): BoxExtent[] {
  const random = stream(1, "extents", low, ratio);
  return Array.from({ length: count }, () => {
    const side = low * (high / low) ** random.uniform();
    const own = Math.sqrt(ratio * 1.2 ** (2 * random.uniform() - 1));
    return { widthPx: side / own, heightPx: side * own };
  });
}

Deno.test("anchorFit() agrees with the anchors of a whole pyramid, boxes lying anywhere", () => {
  const anchors = { levels: [3, 6], anchorScale: 4, scalesPerOctave: 3, aspectRatios: [0.5, 1, 2] } as const;
  const extents = someExtents(400, 12, 200, 1.3);
  const all = pyramidAnchors(anchors.levels, { heightPx: 320, widthPx: 320 }, anchors);
  const random = stream(2, "places");
  const boxes = Float32Array.from(extents.flatMap(({ widthPx, heightPx }) => {
    const [x, y] = [random.uniform() * (319 - widthPx), random.uniform() * (319 - heightPx)];
    return [x, y, x + widthPx, y + heightPx];
  }));
  const ious = iouMatrix(boxes, all);
  const best = extents.map((_, i) => {
    const row = ious.subarray(i * all.length / 4, (i + 1) * all.length / 4);
    return row.reduce((most, iou) => Math.max(most, iou), 0);
  });
  const fit = anchorFit(extents, anchors, thresholds);
  // Where a box lies is chance there and the mean distance here.
  assertAlmostEquals(fit.meanIou, best.reduce((sum, iou) => sum + iou, 0) / best.length, 0.03);
  assertAlmostEquals(fit.recall, best.filter((iou) => iou >= 0.5).length / best.length, 0.05);
  assertAlmostEquals(fit.background, best.filter((iou) => iou < 0.4).length / best.length, 0.05);
});

Deno.test("anchorFit() is perfect for boxes that are anchors, but for their place", () => {
  const anchors = { levels: [3, 3], anchorScale: 8, scalesPerOctave: 1, aspectRatios: [1] } as const;
  const { recall, meanIou } = anchorFit([{ widthPx: 64, heightPx: 64 }], anchors, thresholds);
  assertEquals(recall, 1);
  assertAlmostEquals(meanIou, 62 * 62 / (2 * 64 * 64 - 62 * 62)); // a quarter of 8 px off
  assertEquals(anchorFit([], anchors, thresholds), { recall: 0, background: 0, meanIou: 0 });
});

Deno.test("fittedAspectRatios() finds the ratios that boxes come in", () => {
  const boxes = [
    ...someExtents(100, 20, 60, 0.25),
    ...someExtents(100, 20, 60, 1),
    ...someExtents(50, 20, 60, 4),
  ];
  const ratios = fittedAspectRatios(boxes, 3);
  for (const [i, wanted] of [0.25, 1, 4].entries()) {
    assert(Math.abs(Math.log(ratios[i] / wanted)) < 0.08, `${ratios[i]} is ${wanted}`);
  }
});

Deno.test("proposeAnchors() fits small boxes that the config's anchors miss, at no more anchors a cell", () => {
  const { currentFit, proposedFit, proposed } = proposeAnchors(someExtents(300, 8, 30, 1), photos.detector);
  assert(currentFit.recall < 0.5 && proposedFit.recall > 0.8, `${currentFit.recall} ${proposedFit.recall}`);
  assert(proposed.anchorScale < photos.detector.anchorScale);
  assertEquals(proposed.scalesPerOctave, photos.detector.scalesPerOctave);
  assert(proposed.aspectRatios.length <= photos.detector.aspectRatios.length);
});

Deno.test("proposeAnchors() leaves anchors that fit, and never gives up recall for a closer fit", () => {
  const fitting = proposeAnchors(someExtents(300, 32, 120, 1), photos.detector);
  assertEquals(fitting.proposed, fitting.current);
  for (const ratio of [0.3, 1, 3]) {
    const { currentFit, proposedFit } = proposeAnchors(someExtents(200, 10, 250, ratio), photos.detector);
    assert(proposedFit.recall + proposedFit.meanIou >= currentFit.recall + currentFit.meanIou);
  }
});

Deno.test("proposeAnchors() keeps the levels of Faster R-CNN, from all of which RoIs are pooled", () => {
  const { detector } = configNamed("photos-fpn");
  assertEquals(proposeAnchors(someExtents(300, 8, 20, 1), detector).proposed.levels, detector.levels);
});

const twenty = (box: PlantedBox): PlantedBox[] => Array.from({ length: 20 }, () => box);

Deno.test("proposeCanvases() enlarges for small boxes, up to the images' own size", () => {
  const small = sampleOf("1", twenty([0, 0, 0, 20, 20]), 1200, 900); // 16 px at 960
  assertEquals(proposeCanvases([small], [[256, 320], [320, 256]]), [[768, 1024]]);
  const tiny = sampleOf("1", twenty([0, 0, 0, 4, 4]), 600, 450);
  assertEquals(proposeCanvases([tiny], [[256, 320]]), [[480, 608]]);
});

Deno.test("proposeCanvases() looks at the class with the smallest boxes, and not at a handful of boxes", () => {
  const large = twenty([0, 0, 0, 400, 400]);
  const few = sampleOf("1", [...large, [1, 0, 0, 20, 20]], 1200, 900);
  assertEquals(proposeCanvases([few], [[256, 320], [320, 256]]), [[256, 320], [320, 256]]);
  const many = sampleOf("1", [...large, ...twenty([1, 0, 0, 20, 20])], 1200, 900);
  assertEquals(proposeCanvases([many], [[256, 320]]), [[768, 1024]]);
});

Deno.test("proposeCanvases() has a canvas for each shape of image", () => {
  const boxes = twenty([0, 0, 0, 16, 16]);
  const samples = [
    sampleOf("1", boxes, 640, 320),
    sampleOf("2", boxes, 320, 640),
    sampleOf("3", boxes, 640, 640),
  ];
  assertEquals(proposeCanvases(samples, [[256, 320]]), [[320, 640], [640, 320], [640, 640]]);
});

Deno.test("proposeSchedule() gives BCCD what was measured on it, and twice as long on four times the images", () => {
  const at = (train: number, val: number): number[] => Object.values(proposeSchedule(train, val, photos));
  assertEquals(at(292, 0), [1200, 1600]);
  assertEquals(at(4 * 292, 0), [2400, 3200]);
  assertEquals(at(1, 1), [300, 300]);
  assertEquals(at(100_000, 0)[0], 25_000); // two epochs of 8
});

Deno.test("propose() names only what changes, and its values make a config", () => {
  const data = dataOf({
    train: Array.from({ length: 200 }, (_, i) => sampleOf(String(i), [[0, 0, 0, 40, 40]], 640, 512)),
    val: [sampleOf("v", [])],
  });
  const { fields, proposedFit, currentFit } = propose(data, photos);
  const paths = fields.map(({ path }) => path);
  assert(!paths.includes("finetune.duration"), "200 images are near enough to BCCD's");
  assert(proposedFit.recall >= currentFit.recall);
  for (const { path, value } of fields) {
    assert(
      JSON.stringify(value) !== JSON.stringify(
        path.split(".").reduce((node: unknown, key) => (node as Record<string, unknown>)[key], photos),
      ),
      path,
    );
  }
});
