/**
 * Numbers that others published for the backbones of DetNAS's tables, each with where it was read. A number that was
 * found in no such place is not here, and tables say so.
 *
 * @module
 */
import type { ComparedRun, DetectorName } from "./compare_input.ts";
import type { ApSummary } from "./evaluation_input.ts";

/** One published row; scores are fractions 0..1, and what its source does not give is left out. */
export interface PublishedResult extends Partial<ApSummary> {
  /** The backbone, e.g. `DetNAS 300M`. */
  readonly backbone: string;
  /** The detector around it. */
  readonly detector: DetectorName;
  /** The data set of the evaluation. */
  readonly data: "COCO" | "VOC";
  /** Multiply-adds of the backbone, as round as the source gives them. */
  readonly macs?: number;
  /** Parameters of the backbone with its classifier. */
  readonly parameters?: number;
  /** Error of the backbone as an ImageNet classifier. */
  readonly top1Error?: number;
  /** Where it was read, and what to know about it. */
  readonly source: string;
}

const authorsModels = "megvii-model/ShuffleNet-Series, DetNAS/README.md: the paper's models";
const authorsPyTorch = "megvii-model/DetNAS, README.md: the authors' re-implementation in PyTorch";
const fna = "FNA (Fang et al., ICLR 2020), table 3";
const hitDetector = "Hit-Detector (Guo et al., CVPR 2020), table 2";

/** Every published row; of several for one backbone, detector and data set, the paper's own comes first. */
export const publishedResults: readonly PublishedResult[] = [
  {
    backbone: "DetNAS 300M",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    macs: 300e6,
    parameters: 3.5e6,
    AP: 0.364,
    top1Error: 0.262,
    source: authorsModels,
  },
  {
    backbone: "DetNAS 300M",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    AP: 0.366,
    top1Error: 0.262,
    source: authorsPyTorch,
  },
  {
    backbone: "DetNAS 300M",
    detector: "RetinaNet",
    data: "COCO",
    macs: 300e6,
    parameters: 3.7e6,
    AP: 0.333,
    top1Error: 0.26,
    source: `${authorsModels}; ${fna} gives the same AP`,
  },
  {
    backbone: "DetNAS 300M",
    detector: "RetinaNet",
    data: "COCO",
    AP: 0.341,
    top1Error: 0.26,
    source: authorsPyTorch,
  },
  {
    backbone: "DetNAS 300M",
    detector: "Faster R-CNN, FPN",
    data: "VOC",
    macs: 300e6,
    parameters: 3.7e6,
    AP50: 0.815,
    top1Error: 0.259,
    source: `${authorsModels}; VOC's mAP, which is at IoU 0.5`,
  },
  {
    backbone: "DetNAS 300M",
    detector: "RetinaNet",
    data: "VOC",
    macs: 300e6,
    parameters: 3.5e6,
    AP50: 0.801,
    top1Error: 0.254,
    source: `${authorsModels}; VOC's mAP, which is at IoU 0.5`,
  },
  {
    backbone: "DetNAS 1.3G",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    macs: 1.3e9,
    AP: 0.402,
    AP50: 0.615,
    AP75: 0.436,
    APs: 0.233,
    APm: 0.425,
    APl: 0.538,
    source: hitDetector,
  },
  {
    backbone: "DetNAS 1.3G",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    macs: 1.3e9,
    parameters: 10.4e6,
    AP: 0.4,
    top1Error: 0.228,
    source: `${authorsModels}, of an older revision`,
  },
  {
    backbone: "DetNAS 1.3G",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    AP: 0.403,
    top1Error: 0.228,
    source: authorsPyTorch,
  },
  {
    backbone: "DetNAS 3.8G",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    macs: 3.8e9,
    parameters: 29.5e6,
    AP: 0.42,
    top1Error: 0.216,
    source: `${authorsModels}; the re-implementation gives the same AP`,
  },
  {
    backbone: "ShuffleNetV2-20",
    detector: "RetinaNet",
    data: "COCO",
    AP: 0.321,
    source: fna,
  },
  {
    backbone: "ResNet-50",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    macs: 3.8e9,
    AP: 0.373,
    top1Error: 0.239,
    source: authorsModels,
  },
  {
    backbone: "ResNet-101",
    detector: "Faster R-CNN, FPN",
    data: "COCO",
    macs: 7.6e9,
    AP: 0.4,
    top1Error: 0.226,
    source: authorsModels,
  },
];

/**
 * The published row to show beside a run: of its backbone and detector, on its own data if that is COCO or VOC, else on
 * COCO. `null` where none was found.
 */
export function publishedFor({ publishedAs, detector, data }: ComparedRun): PublishedResult | null {
  const wanted = data === "VOC" ? "VOC" : "COCO";
  return publishedResults.find((one) =>
    one.backbone === publishedAs && one.detector === detector && one.data === wanted
  ) ?? null;
}

/** A row's number, from 1, as tables refer to it. */
export function publishedNumber(result: PublishedResult): number {
  return publishedResults.indexOf(result) + 1;
}
