/**
 * What a run is told: every number a stage may depend on, with its unit and range. A config is plain data, goes
 * into a run's `config.json` as it is, and is passed down in parts; nothing reads it from elsewhere.
 *
 * @module
 */
import { z } from "zod";
import type { Duration } from "./duration.ts";

const whole = z.int("a whole number");
const count = whole.min(1);
const fraction = z.number().min(0).max(1);
const positive = z.number().positive();

const duration: z.ZodType<Duration, Duration> = z.union([
  z.strictObject({ steps: count }),
  z.strictObject({ epochs: positive }),
], { error: "exactly one of { steps: whole number >= 1 } and { epochs: number > 0 }" });

const oddKernel = count.refine((kernel) => kernel % 2 === 1, "an odd number")
  .describe("side of its square depthwise kernels");

const blockChoice = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("shuffle").describe("ShuffleNetV2's block"), kernel: oddKernel }),
  z.strictObject({
    kind: z.literal("xception").describe("three separable convolutions in place of one"),
    kernel: oddKernel,
  }),
  z.strictObject({ kind: z.literal("bottleneck").describe("ResNet's block: 1x1, 3x3, 1x1 and a shortcut") }),
]);

const space = z.strictObject({
  name: z.string().min(1).describe("name in records and messages"),
  choices: z.array(blockChoice).min(1).max(36).describe("what each block is chosen from, by choice number"),
  stem: z.enum(["shufflenet", "resnet"])
    .describe(
      "shufflenet is a 3x3 convolution of stride 2; resnet a 7x7 one and a max-pool, stride 4 in all",
    ),
  stageRepeats: z.array(count).length(4).describe("blocks in each of the four stages"),
  stemChannels: count.describe("channels after the stem"),
  stageChannels: z.array(count.multipleOf(4)).length(4).describe("channels after each stage"),
  lastChannels: count.nullable().describe(
    "channels of the 1x1 convolution before the classifier; null leaves it out, as ResNet does",
  ),
  resolution: whole.min(32).describe(
    "side in pixels of the square image that multiply-adds are counted on",
  ),
});

const folderKind = z.literal("folder").describe("a data set on disk");
const folderPath = z.string().min(1).describe("its folder");

const pretrainData = z.discriminatedUnion("kind", [
  z.strictObject({ kind: folderKind, path: folderPath }),
  z.strictObject({
    kind: z.literal("shapes").describe("generated images"),
    imagesPerClass: count.describe("training images of each class"),
    imagePx: whole.min(16).describe("side in pixels"),
    valImagesPerClass: count.describe("validation images of each class"),
  }),
]).describe("images with class labels; a folder has ImageNet's layout");

const detectionData = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: folderKind,
    path: folderPath,
    searchImages: count.nullable().describe(
      "training images set apart to score candidates; null takes the split val, or a tenth where there is none",
    ),
  }),
  z.strictObject({
    kind: z.literal("shapes").describe("generated images"),
    train: count.describe("training images"),
    val: count.describe("images that score the search's candidates"),
    test: count.describe("images that the reported AP is measured on"),
    widthPx: whole.min(32).describe("image width in pixels"),
    heightPx: whole.min(32).describe("image height in pixels"),
  }),
]).describe("images with boxes; a folder has Pascal VOC's or COCO's layout");

const optimisation = {
  duration: duration.describe("training length in steps or epochs"),
  batchSize: count.describe("images a step, over all workers"),
  learningRate: positive.describe("peak learning rate"),
  momentum: z.number().min(0).lt(1).describe("SGD momentum"),
  weightDecay: z.number().min(0).describe("L2 factor on weights of more than one dimension"),
  bnMomentum: z.number().gt(0).max(1).describe("share of the newest batch in running statistics"),
  flip: z.boolean().describe("mirror half of the images left to right"),
  checkpointSteps: count.describe("steps between checkpoints"),
};

const classification = z.strictObject({
  ...optimisation,
  resolutionPx: whole.min(32).multipleOf(32).describe("side in pixels of the square training image"),
  labelSmoothing: z.number().min(0).lt(1).describe("probability mass spread over all classes"),
  dropout: z.number().min(0).lt(1).describe("share of channels dropped before the classifier"),
  cropScale: z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)])
    .refine(([low, high]) => low <= high, "[min, max] with min <= max")
    .describe("[min, max] share of the image's area in a random crop"),
  colorJitter: fraction.describe("largest relative change of brightness, contrast and saturation"),
  validationImages: whole.min(0).describe("images that accuracy is measured on; 0 skips it"),
}).describe("SGD with the learning rate falling linearly to 0");

const detection = z.strictObject({
  ...optimisation,
  warmupSteps: whole.min(0).describe("steps in which the learning rate rises linearly to its peak"),
  warmupFactor: z.number().gt(0).max(1).describe("share of the peak learning rate at step 0"),
  decayAt: z.array(z.number().gt(0).lt(1)).refine(isAscending, "fractions in ascending order")
    .describe("fractions of the training after each of which the learning rate is divided by 10"),
  biasLearningRateFactor: positive.describe("learning rate of biases over that of weights"),
  verticalFlip: z.boolean().describe("turn half of the images upside down"),
  scaleJitter: z.tuple([positive, positive])
    .refine(([low, high]) => low <= high, "[min, max] with min <= max")
    .describe("[min, max] factor on an image's size"),
  colorJitter: fraction.default(0).describe("largest relative change of brightness, contrast and saturation"),
  clipGradientNorm: positive.nullable().describe("largest gradient norm; null leaves gradients as they are"),
}).describe("SGD with warm-up and step decay");

const levelSpan = z.tuple([whole.min(2).max(5), whole.min(2).max(7)])
  .refine(([first, last]) => first <= last, "[first, last] with first <= last")
  .describe("[first, last] pyramid level; level l has stride 2^l");

const anyDetector = {
  levels: levelSpan,
  channels: count.describe("channels of the pyramid and the head's convolutions"),
  norm: z.enum(["batch", "none"]).describe("normalisation in pyramid and head"),
  scalesPerOctave: count.describe("anchor sizes per level"),
  aspectRatios: z.array(positive).min(1).describe("anchor height over width"),
  anchorScale: positive.describe("a level's smallest anchor size over its stride"),
  scoreThreshold: z.number().min(0).lt(1).describe("detections below this score are dropped"),
  nmsIou: fraction.describe("IoU above which the lower of two detections of a class is dropped"),
  maxDetections: count.describe("detections per image after suppression"),
  canvases: z.array(z.tuple([whole.min(32).multipleOf(32), whole.min(32).multipleOf(32)])).min(1)
    .describe("[height, width] in pixels; each image is resized onto the one that fits its shape best"),
};

const retinaNet = z.strictObject({
  kind: z.literal("retinanet").describe("one stage: classes and boxes straight from the pyramid"),
  ...anyDetector,
  towerConvs: whole.min(0).describe("3x3 convolutions in each tower of the head"),
  focalAlpha: fraction.describe("weight of positives in the focal loss"),
  focalGamma: z.number().min(0).describe("focusing exponent of the focal loss"),
  smoothL1Beta: positive.describe("where smooth L1 goes from quadratic to linear"),
  prior: z.number().gt(0).lt(1).describe("probability of each class at the start"),
  foregroundIou: fraction.describe("IoU from which an anchor is positive"),
  backgroundIou: fraction.describe("IoU below which an anchor is negative"),
  candidatesPerLevel: count.describe("detections per level before suppression"),
});

const proposals = z.strictObject({
  foregroundIou: fraction.describe("IoU from which an anchor is positive"),
  backgroundIou: fraction.describe("IoU below which an anchor is negative"),
  anchorsPerImage: count.describe("anchors an image that the proposals' loss is taken over"),
  positiveShare: fraction.describe("largest share of positives among them"),
  smoothL1Beta: positive.describe("where the proposals' box loss bends"),
  nmsIou: fraction.describe("IoU above which the lower of two proposals is dropped"),
  trainingCandidatesPerLevel: count.describe("best anchors a level before suppression, in training"),
  trainingProposals: count.describe("proposals an image after suppression, in training"),
  candidatesPerLevel: count.describe("best anchors a level before suppression, in detection"),
  proposals: count.describe("proposals an image after suppression, in detection"),
});

const boxHead = z.strictObject({
  foregroundIou: fraction.describe("IoU from which a proposal is positive; below it is background"),
  proposalsPerImage: count.describe("proposals an image that the head is trained on"),
  positiveShare: fraction.describe("largest share of positives among them"),
  poolSide: count.describe("side of the square that RoIAlign makes of a proposal"),
  samplingRatio: count.describe("RoIAlign's sampling points a cell along each side"),
  convs: whole.min(0).describe("3x3 convolutions of the head"),
  hidden: count.describe("units of the linear layer after them"),
  smoothL1Beta: positive.describe("where the head's box loss bends"),
});

const fasterRcnn = z.strictObject({
  kind: z.literal("faster-rcnn").describe("two stages: proposals from the pyramid, then each is looked at"),
  ...anyDetector,
  proposals,
  boxHead,
});

const detector = z.discriminatedUnion("kind", [retinaNet, fasterRcnn])
  .refine((d) => d.kind !== "retinanet" || d.backgroundIou <= d.foregroundIou, {
    path: ["backgroundIou"],
    error: "at most detector.foregroundIou",
  })
  .refine((d) => d.kind !== "faster-rcnn" || d.proposals.backgroundIou <= d.proposals.foregroundIou, {
    path: ["proposals", "backgroundIou"],
    error: "at most detector.proposals.foregroundIou",
  })
  .refine((d) => d.kind !== "retinanet" || d.levels[0] >= 3, {
    path: ["levels"],
    error: "3 or more, for RetinaNet",
  });

const paths = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("uniform").describe("each block's choice uniform (DetNAS's paper)") }),
  z.strictObject({
    kind: z.literal("fair").describe(
      "each choice of each block once in as many steps as there are choices (FairNAS)",
    ),
  }),
  z.strictObject({
    kind: z.literal("macs-bins").describe("uniform over bins of multiply-adds (the authors' code)"),
    lowest: positive.describe("where the first bin begins, in multiply-adds of the classifier"),
    highest: positive.describe("where the last bin ends"),
    width: positive.describe("of a bin"),
    maxAttempts: count.describe("draws after which any path will do"),
  }),
]).describe("which path a step trains");

const strategy = z.enum(["evolution", "random", "ageing", "reinforce", "gradient", "nsga2"]);

const search = z.strictObject({
  population: count.describe("architectures a generation"),
  generations: count.describe("generations"),
  parents: count.describe("best architectures so far that the next generation comes from"),
  mutants: whole.min(0).describe("mutations a generation"),
  mutationRate: fraction.describe("probability of each block to be drawn anew"),
  crossovers: whole.min(0).describe("crossovers a generation; the rest of it is random"),
  maxAttempts: count.describe("draws after which an unseen architecture within the budget is given up"),
  budget: z.strictObject({
    macs: positive.nullable().describe("most multiply-adds of the backbone; null is no limit"),
    parameters: positive.nullable().describe("most parameters of the backbone; null is no limit"),
    latencyMs: positive.nullable().describe("most milliseconds of the backbone; null is no limit"),
  }),
  latencyTable: z.string().min(1).nullable().describe(
    "file of block latencies that deno task profile wrote; null leaves latency out",
  ),
  recalibration: z.strictObject({
    mode: z.enum(["average", "moving", "inherited", "batch"]).describe(
      "batch norm statistics: true average, the authors' moving average, the supernet's, or each batch's own",
    ),
    images: count.describe("training images they are taken from"),
    batchSize: whole.min(2).describe("images a batch"),
    momentum: z.number().gt(0).max(1).describe("share of the newest batch in the moving average"),
  }),
  scoreImages: count.nullable().describe("validation images that score an architecture; null is all"),
  earlyStop: z.strictObject({
    confidence: z.number().min(0.5).lt(1).describe(
      "how sure it must be that a candidate can't become a parent",
    ),
    chunkImages: whole.min(8).describe("images between one look and the next"),
  }).nullable().default(null).describe(
    "stops scoring candidates of the evolution that won't become parents; null scores all",
  ),
  objective: z.enum(["detection", "classification"]).describe(
    "what scores an architecture: COCO's AP under the detector, or top-1 accuracy of the pre-trained supernet",
  ),
  strategies: z.array(strategy).min(1).refine((all) => new Set(all).size === all.length, "each at most once")
    .describe("the searches that are run, all on the same supernet and budget"),
  seeds: count.describe("how often each strategy is run, each time with other draws"),
  ageing: z.strictObject({
    sampleSize: count.describe("living architectures that the parent is the best of"),
  }).describe("regularised evolution"),
  reinforce: z.strictObject({
    learningRate: positive.describe("of the policy's logits"),
    baselineMomentum: z.number().min(0).lt(1).describe("share that the old baseline keeps"),
    entropyWeight: z.number().min(0).describe("weight of the policy's entropy"),
  }).describe("REINFORCE over per-block choices"),
  gradient: z.strictObject({
    learningRate: positive.describe("of the architecture's logits"),
    stepsPerCandidate: count.describe("sampled paths whose gradients come before each scored candidate"),
  }).describe("architecture logits trained through single sampled paths, straight-through"),
}).refine((s) => s.budget.latencyMs === null || s.latencyTable !== null, {
  path: ["latencyTable"],
  error: "a file that deno task profile wrote, as search.budget.latencyMs bounds the latency",
}).refine((s) => s.earlyStop === null || (s.objective === "detection" && s.recalibration.mode !== "batch"), {
  path: ["earlyStop"],
  error: "null, as it needs search.objective detection and statistics that are not each batch's own",
}).refine((s) => s.parents <= s.population, { path: ["parents"], error: "at most search.population" })
  .refine((s) => s.mutants + s.crossovers <= s.population, {
    path: ["mutants"],
    error: "at most search.population less search.crossovers",
  });

const schema = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, "letters, digits and . _ - only").describe(
    "the run folder's default name",
  ),
  seed: whole.min(0).describe("names every random draw"),
  space: space.describe("the search space"),
  shuffleMethod: z.literal([1, 2]).describe(
    "1 = halves after a transpose (search), 2 = even and odd channels",
  ),
  syncBatchNorm: z.enum(["counts", "authors"]).describe(
    "batch norm of workers that train together: statistics merged by count, or as the authors' code defines it",
  ),
  device: z.strictObject({
    kind: z.enum(["cpu", "gpu"]).describe("what computes"),
    threads: count.describe("CPU threads of a worker's kernels"),
    kernels: z.enum(["auto", "fused", "tensorflow", "xla"]).default("auto").describe(
      "what runs the network's units: on a CPU kernels compiled here on first use, where they can be had, else TensorFlow's; or TensorFlow's, compiled by XLA",
    ),
  }),
  workers: count.describe("worker processes, one a device"),
  pretrainData: pretrainData.nullable().describe(
    "images with class labels; null if nothing learns from them",
  ),
  detectionData,
  maxImagePixels: count.describe("largest accepted image in pixels (width times height)"),
  architecture: z.string().min(1).nullable().describe(
    "trained without a search: a published architecture's name, choices, or random; null searches",
  ),
  supernetRun: z.string().min(1).nullable().describe(
    "folder of another run whose trained supernet is used; null trains one",
  ),
  paths: z.strictObject({ pretrain: paths, finetune: paths }).describe("which path each step trains"),
  pretrain: classification.nullable().describe("the supernet's; null starts fine-tuning from scratch"),
  detector,
  finetune: detection,
  search,
  retrain: detection.extend({
    initialise: z.enum(["supernet", "scratch"]).describe("where the winner's weights start"),
    classification: classification.nullable().describe("the winner's own pre-training; null skips it"),
    statistics: z.strictObject({ images: count.describe("training images, rounded up to whole batches") })
      .nullable().default(null)
      .describe("batch-norm statistics measured on so many images at the end; null keeps running averages"),
  }),
}).refine(
  (config) =>
    config.architecture === null || config.supernetRun !== null || config.retrain.initialise === "scratch",
  {
    path: ["retrain", "initialise"],
    error:
      '"scratch", as an architecture without a search has no supernet to start from unless supernetRun names one: ' +
      "add --supernet RUN, or --set retrain.initialise=scratch",
  },
).refine(
  ({ pretrainData, pretrain, retrain }) =>
    pretrainData !== null || (pretrain === null && retrain.classification === null),
  {
    path: ["pretrainData"],
    error: "a folder or shapes, as pretrain or retrain.classification learns from class labels",
  },
).refine((config) => config.pretrain !== null || config.search.objective === "detection", {
  path: ["search", "objective"],
  error: '"detection", as pretrain is null: a supernet that learns no classes has no top-1 accuracy',
});

/** A run's resolved configuration; every field's unit is its schema's description. */
export type Config = z.output<typeof schema>;

/** A training on class labels. */
export type ClassificationTraining = NonNullable<Config["pretrain"]>;

/** A training on boxes. */
export type DetectionTraining = Config["finetune"];

/** The detector around the backbone. */
export type DetectorConfig = Config["detector"];

/** A one-stage detector. */
export type RetinaNetConfig = Extract<DetectorConfig, { readonly kind: "retinanet" }>;

/** A two-stage detector. */
export type FasterRcnnConfig = Extract<DetectorConfig, { readonly kind: "faster-rcnn" }>;

/** Which path a step trains. */
export type PathsConfig = Config["paths"]["pretrain"];

/** How statistics of several workers' images become one batch norm's. */
export type SyncBatchNormMode = Config["syncBatchNorm"];

/** The search's settings. */
export type SearchConfig = Config["search"];

/** How a search chooses its candidates, as configs and records name it. */
export type StrategyName = SearchConfig["strategies"][number];

/** A config as an author writes it: the space may be a known name, the threads may be null (all cores). */
export type ConfigInput = Omit<Config, "space" | "device" | "retrain"> & {
  space: string | Config["space"];
  device: {
    kind: Config["device"]["kind"];
    threads: number | null;
    kernels?: Config["device"]["kernels"];
  };
  retrain: Omit<Config["retrain"], "statistics"> & Partial<Pick<Config["retrain"], "statistics">>;
};

/** The schema that `parseConfig` checks with. */
export const configSchema: z.ZodType<Config> = schema;

function isAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || values[i - 1] < value);
}
