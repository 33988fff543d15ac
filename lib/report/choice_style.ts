/**
 * How the choices of a block are named, coloured and labelled, whatever the space: the same choice looks the same in
 * every picture, and colour is never the only sign.
 *
 * @module
 */
import type { ReportChoice } from "./report_input.ts";

/** How a choice is drawn. */
export interface ChoiceStyle {
  /** The choice in words. */
  readonly name: string;
  /** What stands in the block. */
  readonly label: string;
  /** Fill; carries near-black text on light and dark ground. */
  readonly color: string;
  /** Height of the block, px: its kernels' size. */
  readonly heightPx: number;
}

/** The drawing of a choice: blues to yellows for ShuffleNet's by kernel, pinks for Xception's, grey for ResNet's. */
export function choiceStyle(choice: ReportChoice): ChoiceStyle {
  if (choice.kind === "bottleneck") {
    return { name: "ResNet bottleneck", label: "B", color: "#A9B4C2", heightPx: 34 };
  }
  const { kind, kernel } = choice;
  const colors = kind === "shuffle" ? SHUFFLE_COLORS : XCEPTION_COLORS;
  const color = colors[Math.floor(kernel / 2) % colors.length];
  const heightPx = Math.min(50, 11 + 5 * kernel);
  return kind === "shuffle"
    ? { name: `ShuffleNet ${kernel}×${kernel}`, label: String(kernel), color, heightPx }
    : {
      name: `Xception ${kernel}×${kernel}`,
      label: kernel === 3 ? "X" : `X${kernel}`,
      color,
      heightPx: Math.min(50, heightPx + 5),
    };
}

/** Okabe and Ito's (2008), for kernels 1, 3, 5, … */
const SHUFFLE_COLORS = ["#D9D9D9", "#56B4E9", "#2DB88A", "#E69F00", "#F0E442", "#E8743B"];
const XCEPTION_COLORS = ["#F3D1E4", "#D98CBB", "#B79AE0", "#E07A8B"];
