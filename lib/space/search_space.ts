/**
 * Search spaces as data: how deep and how wide the supernet is. A space is a plain record, so a user adds one by
 * writing one; everything else (blocks, costs, architectures) is derived from it.
 *
 * @module
 */

/** How many choices each block has: shuffle 3x3, shuffle 5x5, shuffle 7x7, xception 3x3 (in this order). */
export const choiceCount = 4;

/** The choices' names, by their number in an architecture. */
export const choiceNames: readonly string[] = ["shuffle 3x3", "shuffle 5x5", "shuffle 7x7", "xception 3x3"];

/** A space of backbones: four choices in each block of each stage, at these depths and widths. */
export interface SearchSpace {
  /** What the space is called in records and messages. */
  readonly name: string;
  /** Blocks in each stage; a stage's first block has stride 2, the others stride 1. */
  readonly stageRepeats: readonly number[];
  /** Channels after the stem (a 3x3 convolution of stride 2). */
  readonly stemChannels: number;
  /** Channels after each stage. */
  readonly stageChannels: readonly number[];
  /** Channels of the 1x1 convolution before the classifier; a detector has none. */
  readonly lastChannels: number;
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
  /** 2 in a stage's first block, else 1. */
  readonly stride: 1 | 2;
}

/** The authors' three spaces by name (megvii-model/DetNAS): 20 blocks, and twice 40 blocks. */
export const searchSpaces: Readonly<Record<"small" | "large-1.3G" | "large-3.8G", SearchSpace>> = {
  "small": {
    name: "small",
    stageRepeats: [4, 4, 8, 4],
    stemChannels: 16,
    stageChannels: [64, 160, 320, 640],
    lastChannels: 1024,
    resolution: 224,
  },
  "large-1.3G": {
    name: "large-1.3G",
    stageRepeats: [8, 8, 16, 8],
    stemChannels: 48,
    stageChannels: [96, 240, 480, 960],
    lastChannels: 1024,
    resolution: 224,
  },
  "large-3.8G": {
    name: "large-3.8G",
    stageRepeats: [8, 8, 16, 8],
    stemChannels: 72,
    stageChannels: [172, 432, 864, 1728],
    lastChannels: 1728,
    resolution: 224,
  },
};

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

/**
 * Refuses a space that can't be built.
 *
 * @param space The space to check.
 * @throws {TypeError} If the numbers of stages differ or there are none.
 * @throws {RangeError} If a count is no positive whole number, a stage's channels are not a multiple of 4 (a block's
 * halves are shuffled in pairs) or not more than the channels before it (the main branch at stride 2 makes the
 * difference), or the image is smaller than the last stage's stride.
 */
export function checkSearchSpace(space: SearchSpace): void {
  const { name, stageRepeats, stageChannels } = space;
  if (stageRepeats.length === 0 || stageRepeats.length !== stageChannels.length) {
    throw new TypeError(
      `Cannot use search space "${name}" as stageRepeats and stageChannels must have the same length, at least 1: ` +
        `they have ${stageRepeats.length} and ${stageChannels.length}`,
    );
  }
  checkPositive(space, "stemChannels", space.stemChannels);
  checkPositive(space, "lastChannels", space.lastChannels);
  stageRepeats.forEach((repeats, stage) => checkPositive(space, `stageRepeats[${stage}]`, repeats));
  stageChannels.forEach((_, stage) => checkStageChannels(space, stage));
  checkResolution(space);
}

function blockShape(space: SearchSpace, stage: number, indexInStage: number): BlockShape {
  const outChannels = space.stageChannels[stage];
  if (indexInStage > 0) return { stage, indexInStage, inChannels: outChannels, outChannels, stride: 1 };
  return { stage, indexInStage, inChannels: channelsBefore(space, stage), outChannels, stride: 2 };
}

function channelsBefore(space: SearchSpace, stage: number): number {
  return stage === 0 ? space.stemChannels : space.stageChannels[stage - 1];
}

function checkPositive(space: SearchSpace, field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(
    `Cannot use search space "${space.name}" as ${field} must be a whole number above 0: it is ${value}`,
  );
}

function checkStageChannels(space: SearchSpace, stage: number): void {
  const channels = space.stageChannels[stage];
  const field = `stageChannels[${stage}]`;
  checkPositive(space, field, channels);
  if (channels % 4 !== 0) {
    throw new RangeError(
      `Cannot use search space "${space.name}" as ${field} must be a multiple of 4 to be shuffled: it is ${channels}`,
    );
  }
  const before = channelsBefore(space, stage);
  if (channels <= before) {
    throw new RangeError(
      `Cannot use search space "${space.name}" as ${field} must be more than the ${before} channels before it: ` +
        `it is ${channels}`,
    );
  }
}

function checkResolution(space: SearchSpace): void {
  checkPositive(space, "resolution", space.resolution);
  const stride = 2 ** (space.stageRepeats.length + 1);
  if (space.resolution >= stride) return;
  throw new RangeError(
    `Cannot use search space "${space.name}" as resolution must be at least the last stage's stride of ${stride}: ` +
      `it is ${space.resolution}`,
  );
}
