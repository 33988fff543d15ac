/**
 * Search spaces as data: how deep and how wide the supernet is. A space is a plain record, so a user adds one by
 * writing one; everything else (blocks, costs, architectures) is derived from it.
 *
 * @module
 */

/** The kinds of block that come with the project; `blockLayers` says of which layers. Kernels are odd sides in pixels. */
export type KnownChoice =
  | { readonly kind: "shuffle" | "xception"; readonly kernel: number }
  | { readonly kind: "bottleneck" };

/**
 * A choice that brings its own code: here is what a search has to know of it. A supernet also needs to build it, see
 * `customBlock`.
 */
export interface CustomChoice {
  /** Tells it from the project's own. */
  readonly kind: "custom";
  /** Its identity, in records and messages too: give another one to what computes something else. */
  readonly name: string;
  /**
   * What the block costs on one image.
   *
   * @param block Where it sits, and its channels.
   * @param inputSidePx Side in pixels of its square input.
   */
  cost(block: BlockShape, inputSidePx: number): CustomCost;
}

/** What a block costs on one image, counted as `Cost` says. */
export interface CustomCost {
  /** Multiply-adds, 0 or more. */
  readonly macs: number;
  /** Trainable numbers, 0 or more. */
  readonly parameters: number;
}

/** What one choice of a block is made of. */
export type BlockChoice = KnownChoice | CustomChoice;

/** The authors' four choices: shuffle 3x3, shuffle 5x5, shuffle 7x7, xception 3x3. */
export const authorsChoices: readonly KnownChoice[] = [
  { kind: "shuffle", kernel: 3 },
  { kind: "shuffle", kernel: 5 },
  { kind: "shuffle", kernel: 7 },
  { kind: "xception", kernel: 3 },
];

/** As many as there are digits for: an architecture's key has one character a block. */
export const maxChoices = 36;

/**
 * A space of backbones: the same choices in each block of each stage, at these depths and widths. Configs and the
 * commands take spaces of {@linkcode KnownChoice} only.
 */
export interface SearchSpace<Choice extends BlockChoice = BlockChoice> {
  /** What the space is called in records and messages. */
  readonly name: string;
  /** What each block is chosen from, 1 to 36; an architecture's numbers are indices into it. */
  readonly choices: readonly Choice[];
  /** `shufflenet`: a 3x3 convolution of stride 2. `resnet`: a 7x7 one of stride 2 and a 3x3 max-pool of stride 2. */
  readonly stem: "shufflenet" | "resnet";
  /** Blocks in each stage; a stage's first block has stride 2, but for the first stage's after the stem `resnet`. */
  readonly stageRepeats: readonly number[];
  /** Channels after the stem. */
  readonly stemChannels: number;
  /** Channels after each stage. */
  readonly stageChannels: readonly number[];
  /** Channels of the 1x1 convolution between the last stage and the classifier; null is without one. */
  readonly lastChannels: number | null;
  /** Side in pixels of the square image that multiply-adds are counted on. */
  readonly resolution: number;
}

/** Where one block sits and what goes in and out of it. */
export interface BlockShape {
  /** Stage, from 0. */
  readonly stage: number;
  /** Position in its stage, from 0. */
  readonly indexInStage: number;
  /** Channels of its input. */
  readonly inChannels: number;
  /** Channels of its output. */
  readonly outChannels: number;
  /** See `SearchSpace.stageRepeats`. */
  readonly stride: 1 | 2;
}

/** Names of {@linkcode searchSpaces}. */
export type SearchSpaceName = "small" | "large-1.3G" | "large-3.8G" | "resnet-50" | "resnet-101";

/**
 * The authors' three spaces by name (megvii-model/DetNAS): 20 blocks, and twice 40 blocks; and the networks that they
 * compare with (He et al. 2016, table 1), as spaces of one architecture.
 */
export const searchSpaces: Readonly<Record<SearchSpaceName, SearchSpace<KnownChoice>>> = {
  "small": {
    name: "small",
    choices: authorsChoices,
    stem: "shufflenet",
    stageRepeats: [4, 4, 8, 4],
    stemChannels: 16,
    stageChannels: [64, 160, 320, 640],
    lastChannels: 1024,
    resolution: 224,
  },
  "large-1.3G": {
    name: "large-1.3G",
    choices: authorsChoices,
    stem: "shufflenet",
    stageRepeats: [8, 8, 16, 8],
    stemChannels: 48,
    stageChannels: [96, 240, 480, 960],
    lastChannels: 1024,
    resolution: 224,
  },
  "large-3.8G": {
    name: "large-3.8G",
    choices: authorsChoices,
    stem: "shufflenet",
    stageRepeats: [8, 8, 16, 8],
    stemChannels: 72,
    stageChannels: [172, 432, 864, 1728],
    lastChannels: 1728,
    resolution: 224,
  },
  "resnet-50": {
    name: "resnet-50",
    choices: [{ kind: "bottleneck" }],
    stem: "resnet",
    stageRepeats: [3, 4, 6, 3],
    stemChannels: 64,
    stageChannels: [256, 512, 1024, 2048],
    lastChannels: null,
    resolution: 224,
  },
  "resnet-101": {
    name: "resnet-101",
    choices: [{ kind: "bottleneck" }],
    stem: "resnet",
    stageRepeats: [3, 4, 23, 3],
    stemChannels: 64,
    stageChannels: [256, 512, 1024, 2048],
    lastChannels: null,
    resolution: 224,
  },
};

/** How many choices each block has. */
export function choiceCount(space: SearchSpace): number {
  return space.choices.length;
}

/** A choice's name for people, e.g. `shuffle 3x3`; equal for equal choices and else another. */
export function choiceName(choice: BlockChoice): string {
  switch (choice.kind) {
    case "custom":
      return choice.name;
    case "bottleneck":
      return choice.kind;
    default:
      return `${choice.kind} ${choice.kernel}x${choice.kernel}`;
  }
}

/** Number of blocks, which is the length of an architecture. */
export function blockCount(space: SearchSpace): number {
  return space.stageRepeats.reduce((sum, repeats) => sum + repeats, 0);
}

/** Every block from the first stage's first to the last stage's last. */
export function blockShapes(space: SearchSpace): BlockShape[] {
  return space.stageRepeats.flatMap((repeats, stage) =>
    Array.from({ length: repeats }, (_, indexInStage) => blockShape(space, stage, indexInStage))
  );
}

/** Channels that the classifier's linear layer sees: of the last 1x1 convolution, or of the last stage. */
export function classifierChannels({ lastChannels, stageChannels }: SearchSpace): number {
  return lastChannels ?? stageChannels[stageChannels.length - 1];
}

/**
 * Refuses a space that can't be built.
 *
 * @param space The space to check.
 * @throws {TypeError} If the numbers of stages differ or there are none.
 * @throws {RangeError} If a count is no positive whole number; there are no or too many choices, the same one twice or
 * an even kernel; a stage's channels do not suit its blocks; or the image is smaller than the last stage's stride.
 */
export function checkSearchSpace(space: SearchSpace): void {
  const { stageRepeats, stageChannels } = space;
  if (stageRepeats.length === 0 || stageRepeats.length !== stageChannels.length) {
    throw new TypeError(
      `Cannot use search space "${space.name}" as stageRepeats and stageChannels must have the same length, at least 1: ` +
        `they have ${stageRepeats.length} and ${stageChannels.length}`,
    );
  }
  checkChoices(space);
  checkPositive(space, "stemChannels", space.stemChannels);
  if (space.lastChannels !== null) checkPositive(space, "lastChannels", space.lastChannels);
  stageRepeats.forEach((repeats, stage) => checkPositive(space, `stageRepeats[${stage}]`, repeats));
  stageChannels.forEach((_, stage) => checkStageChannels(space, stage));
  checkResolution(space);
}

function blockShape(space: SearchSpace, stage: number, indexInStage: number): BlockShape {
  const outChannels = space.stageChannels[stage];
  if (indexInStage > 0) return { stage, indexInStage, inChannels: outChannels, outChannels, stride: 1 };
  const stride = stageStride(space, stage);
  return { stage, indexInStage, inChannels: channelsBefore(space, stage), outChannels, stride };
}

/** Each stage halves the image; the first need not where the stem did so twice. */
function stageStride({ stem }: SearchSpace, stage: number): 1 | 2 {
  return stage === 0 && stem === "resnet" ? 1 : 2;
}

/** Channels that a stage's first block gets. */
function channelsBefore(space: SearchSpace, stage: number): number {
  return stage === 0 ? space.stemChannels : space.stageChannels[stage - 1];
}

function checkChoices(space: SearchSpace): void {
  const { choices } = space;
  if (choices.length < 1 || choices.length > maxChoices) {
    refuse(space, `it must have 1 to ${maxChoices} choices: it has ${choices.length}`);
  }
  choices.forEach((choice, index) => {
    const first = choices.findIndex((other) => choiceName(other) === choiceName(choice));
    if (first < index) {
      refuse(
        space,
        `its choices must differ: choices[${first}] and choices[${index}] are both ${choiceName(choice)}`,
      );
    }
    if (!("kernel" in choice)) return;
    checkPositive(space, `choices[${index}].kernel`, choice.kernel);
    if (choice.kernel % 2 === 0) {
      refuse(space, `choices[${index}].kernel must be odd: it is ${choice.kernel}`);
    }
  });
}

/**
 * A bottleneck's inner width is a quarter of its output's. A shuffle block's halves are shuffled in pairs; at stride 2
 * its main branch makes the channels that its projection of the input does not, and at stride 1 it can't change their
 * number. What a custom block can take is its own matter.
 */
function checkStageChannels(space: SearchSpace, stage: number): void {
  const channels = space.stageChannels[stage];
  const field = `stageChannels[${stage}]`;
  checkPositive(space, field, channels);
  if (space.choices.every(({ kind }) => kind === "custom")) return;
  if (channels % 4 !== 0) refuse(space, `${field} must be a multiple of 4: it is ${channels}`);
  if (!space.choices.some((choice) => "kernel" in choice)) return;
  const before = channelsBefore(space, stage);
  if (stageStride(space, stage) === 1) {
    if (channels === before) return;
    refuse(
      space,
      `${field} must be the stem's ${before}, for shuffle and xception blocks of stride 1: it is ${channels}`,
    );
  }
  if (channels > before) return;
  refuse(
    space,
    `${field} must be more than the ${before} channels before it, for shuffle and xception blocks of stride 2: ` +
      `it is ${channels}`,
  );
}

function checkResolution(space: SearchSpace): void {
  checkPositive(space, "resolution", space.resolution);
  const stride = 2 ** (space.stageRepeats.length + 1); // with either stem
  if (space.resolution >= stride) return;
  refuse(
    space,
    `resolution must be at least the last stage's stride of ${stride}: it is ${space.resolution}`,
  );
}

function checkPositive(space: SearchSpace, field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  refuse(space, `${field} must be a whole number above 0: it is ${value}`);
}

function refuse(space: SearchSpace, reason: string): never {
  throw new RangeError(`Cannot use search space "${space.name}" as ${reason}`);
}
