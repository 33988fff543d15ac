import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { evaluateCoco } from "../../lib/eval/coco.ts";
import { confusionMatrix } from "../../lib/eval/confusion.ts";
import { type Detection, detectionColumns } from "../../lib/eval/detection.ts";
import { type EvaluationDetails, evaluationDetails } from "../../lib/eval/evaluation_details.ts";
import {
  type GroundTruth,
  type GroundTruthAnnotation,
  groundTruthColumns,
} from "../../lib/eval/ground_truth.ts";
import { stream } from "../../lib/base/random.ts";

const thresholds = { score: 0.4, iou: 0.5 };
const classes = ["cat", "dog", "never there"];

function truth(imageId: string, more: Partial<GroundTruthAnnotation> = {}): GroundTruthAnnotation {
  const box = { boxXyxy: [0, 0, 10, 10] as const, areaPx: 100 };
  return { imageId, classIndex: 0, isCrowd: false, isDifficult: false, ...box, ...more };
}

function detailsOf(groundTruth: GroundTruth, detections: readonly Detection[]): EvaluationDetails {
  const evaluation = evaluateCoco(groundTruth, detections);
  return evaluationDetails(groundTruth, detections, evaluation, thresholds);
}

/** Images with up to five objects of any size, and detections near some of them. */
function example(): { groundTruth: GroundTruth; detections: Detection[] } {
  const random = stream(1, "details");
  const imageIds = Array.from({ length: 20 }, (_, i) => `${i}`);
  const annotations = imageIds.flatMap((imageId) =>
    Array.from({ length: random.integer(6) }, () => {
      const [x, side] = [400 * random.uniform(), 8 + 150 * random.uniform()];
      const boxXyxy = [x, x, x + side, x + side] as const;
      const isDifficult = random.uniform() < 0.1;
      const isCrowd = random.uniform() < 0.1;
      return truth(imageId, {
        classIndex: random.integer(2),
        boxXyxy,
        areaPx: side ** 2,
        isDifficult,
        isCrowd,
      });
    })
  );
  const detections = annotations.flatMap(
    ({ imageId, classIndex, boxXyxy: [x1, y1, x2, y2] }): Detection[] => {
      const shift = (x2 - x1) / 3 * random.uniform();
      const boxXyxy = [x1 + shift, y1, x2 + shift, y2] as const;
      return [0, 1].map(() => ({
        imageId,
        classIndex: random.uniform() < 0.8 ? classIndex : random.integer(3),
        score: random.uniform(),
        boxXyxy,
      }));
    },
  );
  return { groundTruth: { imageIds, classes, annotations }, detections };
}

Deno.test("the classes' numbers have the summary as their mean, and their curves' areas are their APs", () => {
  const { groundTruth, detections } = example();
  const { summary } = evaluateCoco(groundTruth, detections);
  const details = detailsOf(groundTruth, detections);
  const present = details.classes.filter(({ objects }) => objects > 0);
  assertEquals(present.map(({ name }) => name), ["cat", "dog"]);
  for (const name of ["AP", "AP50", "AP75", "AR100"] as const) {
    const mean = present.reduce((sum, one) => sum + one[name], 0) / present.length;
    assertAlmostEquals(mean, summary[name], 1e-12);
  }
  for (const { precision50, precision75, AP50, AP75 } of present) {
    const area = (curve: readonly number[] | null): number => curve!.reduce((sum, p) => sum + p, 0) / 101;
    assertAlmostEquals(area(precision50), AP50, 1e-5); // five decimals
    assertAlmostEquals(area(precision75), AP75, 1e-5);
  }
  const { AP, AP75, precision50 } = details.classes[2];
  assertEquals([AP, AP75, precision50], [-1, -1, null]);
});

Deno.test("the matrix is that of all images at once, and images add up to it", () => {
  const { groundTruth, detections } = example();
  const { confusion, images } = detailsOf(groundTruth, detections);
  const columns = [groundTruthColumns(groundTruth), detectionColumns(detections, groundTruth)] as const;
  assertEquals(confusion.counts.flat(), [...confusionMatrix(...columns, thresholds).counts]);
  const total = (key: "objects" | "found" | "spurious"): number =>
    images.reduce((sum, image) => sum + image[key], 0);
  assertEquals(total("found"), [0, 1, 2].reduce((sum, k) => sum + confusion.counts[k][k], 0));
  assertEquals(total("objects"), confusion.counts.slice(0, 3).flat().reduce((sum, n) => sum + n, 0));
  const detected = confusion.counts.reduce((sum, row) => sum + row[0] + row[1] + row[2], 0);
  assertEquals(total("found") + total("spurious"), detected);
  assert(total("spurious") > 0 && total("found") > 0);
});

Deno.test("an image's AP is that of an evaluation of it alone; without objects there is none", () => {
  const { groundTruth, detections } = example();
  const { images } = detailsOf(groundTruth, detections);
  assertEquals(images.map(({ id }) => id), groundTruth.imageIds);
  for (const { id, AP } of images) {
    const own = <T extends { imageId: string }>(list: readonly T[]): T[] =>
      list.filter((one) => one.imageId === id);
    const alone = { imageIds: [id], classes, annotations: own(groundTruth.annotations) };
    assertAlmostEquals(AP, evaluateCoco(alone, own(detections)).summary.AP, 1e-12);
  }
  assert(images.some(({ AP, objects }) => AP === -1 && objects === 0));
});

Deno.test("objects are counted by size as COCO has it: on a border in both, crowds in none", () => {
  const areas = [10, 1024, 1025, 96 ** 2 + 1];
  const annotations = [
    ...areas.map((areaPx) => truth("a", { areaPx })),
    truth("a", { areaPx: 5, isCrowd: true }),
    truth("a", { areaPx: 5, isDifficult: true }),
  ];
  const { sizes, classes: [cat], images } = detailsOf({ imageIds: ["a"], classes, annotations }, []);
  assertEquals(sizes.map(({ name, objects }) => [name, objects]), [["small", 3], ["medium", 2], [
    "large",
    1,
  ]]);
  assertEquals([cat.objects, images[0].objects], [5, 4]); // a difficult object counts in APs and not in the matrix
});
