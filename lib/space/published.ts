/**
 * Architectures known by name: those that the authors' searches found, and the hand-crafted networks that they compare
 * with.
 *
 * @module
 */

import { nearest } from "../base/nearest.ts";
import { type Architecture, parseArchitecture } from "./architecture.ts";
import {
  type BlockChoice,
  blockCount,
  choiceName,
  type SearchSpace,
  type SearchSpaceName,
  searchSpaces,
} from "./search_space.ts";

/** An architecture of one of {@linkcode searchSpaces}. */
export interface PublishedArchitecture {
  /** The space whose choices it is written in. */
  readonly space: SearchSpaceName;
  /** One choice a block, as `parseArchitecture` reads them. */
  readonly choices: string;
  /** Who found or designed it, and what for. */
  readonly source: string;
}

const detnas = "DetNAS (Chen et al. 2019), choices as in megvii-model/DetNAS";
const largeWinner = "00312102|03123320|2113202221310333|13333333";
const shuffleNet = "ShuffleNetV2 (Ma et al. 2018) at this space's depth and widths: the 3x3 block throughout";
const resNet = "ResNet (He et al. 2016, table 1), with the stride in the 3x3 convolutions";

/** By name: lower case, with hyphens. The first seven were found by searches, the others are by hand. */
export const publishedArchitectures: Readonly<Record<string, PublishedArchitecture>> = {
  "coco-fpn-300m": {
    space: "small",
    choices: "2120|2112|33130031|3132",
    source: `${detnas}: COCO, Faster R-CNN with FPN`,
  },
  "coco-retinanet-300m": {
    space: "small",
    choices: "2311|3213|31113320|3333",
    source: `${detnas}: COCO, RetinaNet`,
  },
  "voc-fpn-300m": {
    space: "small",
    choices: "2103|1303|20113333|3331",
    source: `${detnas}: VOC, Faster R-CNN with FPN`,
  },
  "voc-retinanet-300m": {
    space: "small",
    choices: "1300|2333|23333220|2311",
    source: `${detnas}: VOC, RetinaNet`,
  },
  "coco-fpn-1.3g": {
    space: "large-1.3G",
    choices: largeWinner,
    source: `${detnas}: COCO, Faster R-CNN with FPN`,
  },
  "coco-fpn-3.8g": {
    space: "large-3.8G",
    choices: largeWinner,
    source: `${detnas}: the 1.3G network, wider`,
  },
  "spos-imagenet": {
    space: "small",
    choices: "2101|2020|20230000|3233",
    source: "Single Path One-Shot (Guo et al. 2020): ImageNet; choices as in megvii-model/SinglePathOneShot",
  },
  "shufflenetv2-20": {
    space: "small",
    choices: "0000|0000|00000000|0000",
    source: shuffleNet,
  },
  "shufflenetv2-40": {
    space: "large-1.3G",
    choices: "00000000|00000000|0000000000000000|00000000",
    source: shuffleNet,
  },
  "resnet-50": {
    space: "resnet-50",
    choices: "000|0000|000000|000",
    source: resNet,
  },
  "resnet-101": {
    space: "resnet-101",
    choices: "000|0000|00000000000000000000000|000",
    source: resNet,
  },
};

/** The names, for help texts and messages. */
export function publishedNames(): string[] {
  return Object.keys(publishedArchitectures);
}

/**
 * The architecture that a text stands for in a space: a published name, or choices ("2120|2112|33130031|3132").
 *
 * A published one is carried over by what its blocks are made of, not by its choices' numbers: so any space of its
 * stages will do that has those blocks, whatever its widths and whatever else it chooses from.
 *
 * @param space The search space.
 * @param text One of {@linkcode publishedArchitectures}' names, or choices.
 * @throws {RangeError} If there is no such name, or the space's stages have other numbers of blocks than the published
 * one's, or the space lacks one of its choices.
 * @throws {SyntaxError} If the text is choices, but none of the space's.
 *
 * @example What a published backbone costs
 * ```ts
 * import { countMacs, countParameters, namedArchitecture, searchSpaces } from "@detnas/detnas";
 *
 * const found = namedArchitecture(searchSpaces.small, "coco-fpn-300m");
 * const byHand = namedArchitecture(searchSpaces.small, "0000|0000|00000000|0000");
 * console.log(countMacs(searchSpaces.small, found), countMacs(searchSpaces.small, byHand)); // 288082368 262705856
 * console.log(countParameters(searchSpaces.small, found)); // 1849680
 * ```
 */
export function namedArchitecture(space: SearchSpace, text: string): Architecture {
  if (Object.hasOwn(publishedArchitectures, text)) return carriedOver(space, text);
  if (looksLikeChoices(space, text)) return parseArchitecture(space, text);
  throw new RangeError(
    `Cannot find architecture ${JSON.stringify(text)}: it must be ${
      space.stageRepeats.join(", ")
    } choices parted ` +
      `by "|", or one of ${publishedNames().join(", ")}; did you mean ${nearest(text, publishedNames())}?`,
  );
}

function carriedOver(space: SearchSpace, name: string): Architecture {
  const { space: homeName, choices } = publishedArchitectures[name];
  const home = searchSpaces[homeName];
  if (String(home.stageRepeats) !== String(space.stageRepeats)) {
    throw new RangeError(
      `Cannot use architecture "${name}" in search space "${space.name}" as its stages have ` +
        `${home.stageRepeats.join(", ")} blocks: the space's have ${space.stageRepeats.join(", ")}`,
    );
  }
  return parseArchitecture(home, choices).map((choice) => choiceOf(space, home.choices[choice], name));
}

function choiceOf(space: SearchSpace, wanted: BlockChoice, name: string): number {
  const index = space.choices.findIndex((choice) => choiceName(choice) === choiceName(wanted));
  if (index >= 0) return index;
  throw new RangeError(
    `Cannot use architecture "${name}" in search space "${space.name}" as it has ${
      choiceName(wanted)
    } blocks: ` +
      `the space chooses from ${space.choices.map(choiceName).join(", ")}`,
  );
}

/** Bars and digits, or as many digits and letters as the space has blocks: no name is either. */
function looksLikeChoices(space: SearchSpace, text: string): boolean {
  const key = text.replaceAll("|", "");
  return /^[0-9]+$/.test(key) || (/^[0-9a-z]+$/.test(key) && key.length === blockCount(space));
}
