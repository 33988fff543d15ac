import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Config } from "../../lib/config/schema.ts";
import type { EvaluationDetails } from "../../lib/eval/evaluation_details.ts";
import { evaluate } from "../../lib/stages/evaluate.ts";
import { report } from "../../lib/stages/report.ts";
import { chosenImages } from "../../lib/stages/report_evaluation.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { details } from "../report/records.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

const summary = {
  ...{ AP: 0.25, AP50: 0.5, AP75: 0.2, APs: -1, APm: 0.1, APl: 0.3 },
  ...{ AR1: 0.1, AR10: 0.2, AR100: 0.3, ARs: -1, ARm: 0.2, ARl: 0.3 },
};
const fixed: Config = {
  ...tinyConfig,
  architecture: "0|1|23|0",
  pretrain: null,
  retrain: { ...tinyConfig.retrain, initialise: "scratch" },
};
const png = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
);

function image(AP: number, objects: number): EvaluationDetails["images"][number] {
  return { id: `AP ${AP}, ${objects}`, AP, objects, found: 0, spurious: 0 };
}

/** A worker whose evaluation gave these images, and that remembers which it was asked to show. */
function evaluated(images: EvaluationDetails["images"]): Partial<WorkerApi> & { asked: number[] } {
  const asked: number[] = [];
  const found = {
    report: { images: images.length, summary, perClass: {} },
    details: { ...details(["a"]), images },
  };
  return {
    asked,
    evaluateRetrained: () => Promise.resolve(found),
    pictures: (_task, _choices, indices) => {
      asked.push(...indices);
      const shown = { bytes: png, widthPx: 8, heightPx: 8, detections: [], truths: [] };
      return Promise.resolve(indices.map((index) => ({ id: `image ${index}`, ...shown })));
    },
  };
}

/** The texts between the photographs' headings. */
function groups(html: string): string[] {
  const [section] = html.slice(html.indexOf('id="photographs"')).split("</section>");
  return section.split("<h3>").slice(1);
}

Deno.test("an evaluation's details are kept in the run, and the report shows its worst and best images", () => {
  const images = [0.5, 0, 1, 0.2].map((AP) => image(AP, 2));
  const worker = evaluated([...images, ...Array.from({ length: 4 }, () => image(-1, 0))]);
  return withStages(worker, async (context) => {
    const { run } = context;
    await run.finishStage("retrain");
    await evaluate(context);
    const kept = JSON.parse(await Deno.readTextFile(run.paths.evaluation));
    assertEquals([kept.summary.AP, kept.details.images.length], [0.25, 8]);
    const html = await Deno.readTextFile(await report(context));
    assertEquals(worker.asked, [1, 3, 2, 0, 4, 5, 6, 7]);
    const [worst, best, others] = groups(html);
    assertStringIncludes(worst, "Worst images");
    assert(worst.indexOf("image 1") < worst.indexOf("image 3"));
    assertStringIncludes(worst, "AP 0.200: 0 of 2 objects found");
    assert(best.indexOf("image 2") < best.indexOf("image 0"));
    assertStringIncludes(others, "image 7");
    const numbers = JSON.parse(await Deno.readTextFile(run.paths.reportNumbers));
    assertEquals(numbers.evaluations[0].images[2].AP, 1);
    assertEquals(numbers.shownImages[0].images, ["image 1", "image 3"]);
  }, fixed);
});

Deno.test("a run whose evaluation kept no details has photographs all the same", () => {
  const worker = evaluated([]);
  return withStages(worker, async (context) => {
    await context.run.finishStage("evaluate", { images: 8, summary, perClass: {} });
    const html = await Deno.readTextFile(await report(context));
    assertEquals(groups(html).length, 1);
    assert(!html.includes('id="confusion"') && html.includes('id="detection"'));
    assertEquals(worker.asked, [0, 1, 2, 3, 4, 5, 6, 7]);
  }, fixed);
});

Deno.test("damaged details are named, with what writes them anew", () =>
  withStages(evaluated([]), async ({ run, ...context }) => {
    await run.finishStage("evaluate", { images: 8, summary, perClass: {} });
    await Deno.writeTextFile(run.paths.evaluation, "{");
    const error = await assertRejects(() => report({ run, ...context }), SyntaxError, "evaluation.json");
    assertStringIncludes(error.message, "deno task evaluate");
  }, fixed));

Deno.test("of equal APs images with more objects come first, and no image is shown twice", () => {
  const images = [image(0, 1), image(0, 3), image(0, 2), image(-1, 0), image(0, 3)];
  const [worst, best, others] = chosenImages(5, images);
  assertEquals([worst.indices, best.indices, others.indices], [[1, 4], [2, 0], [3]]);
});

Deno.test("of many images four of each kind are shown, the others evenly spread", () => {
  const images = Array.from({ length: 24 }, (_, i) => image(i / 24, 1));
  const [worst, best, others] = chosenImages(24, images);
  assertEquals([worst.indices, best.indices], [[0, 1, 2, 3], [23, 22, 21, 20]]);
  assertEquals(others.indices, [4, 8, 12, 16]);
});

Deno.test("a single image is neither the worst nor the best, and of none nothing is shown", () => {
  assertEquals(chosenImages(1, [image(0.5, 1)]).map(({ indices }) => indices), [[], [], [0]]);
  assertEquals(chosenImages(0, []).flatMap(({ indices }) => indices), []);
  assertEquals(chosenImages(0, null).flatMap(({ indices }) => indices), []);
});
