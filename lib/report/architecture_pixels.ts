/**
 * An architecture as pixels, for TensorBoard, which takes no vectors: the blocks in their stages, as
 * `drawArchitectures` has them, under a caption and above a legend.
 *
 * @module
 */
import { encodePng } from "../base/png.ts";
import { type ChoiceStyle, choiceStyle } from "./choice_style.ts";
import { PixelCanvas, pixelTextHeight, pixelTextWidth } from "./pixel_canvas.ts";
import type { ReportSpace } from "./report_input.ts";

/** An encoded picture. */
export interface PngPicture {
  readonly bytes: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

const widthPx = 960;
const marginPx = 16;
const stageGapPx = 14;
const [captionTopPx, headingTopPx, middlePx, legendTopPx, legendLinePx] = [14, 46, 116, 162, 26];
const [dotPx, smallDotPx] = [2, 1];
const [ink, paleInk] = ["#111111", "#666666"];

/**
 * Draws an architecture.
 *
 * @param space The space; gives stages, channels and strides.
 * @param choices One choice a block: indices into the space's choices.
 * @param caption What stands above it; in capitals.
 * @returns A PNG file, 960 px wide.
 * @throws {RangeError} If the choices do not fit the space.
 */
export function architecturePng(
  space: ReportSpace,
  choices: readonly number[],
  caption: string,
): PngPicture {
  const styles = space.choices.map(choiceStyle);
  const drawn = choices.map((choice, block) => styles[choice] ?? wrongChoice(space, choice, block));
  const stages = layOut(space, drawn);
  const canvas = new PixelCanvas(widthPx, legendTopPx + legendLinePx * styles.length + marginPx);
  canvas.write(caption, marginPx, captionTopPx, dotPx, ink);
  stages.forEach((stage, i) => drawStage(canvas, stage, strideOf(i), space.stageChannels[i]));
  styles.forEach((style, i) => drawLegendLine(canvas, style, legendTopPx + legendLinePx * i));
  return { bytes: encodePng(canvas), widthPx, heightPx: canvas.heightPx };
}

/** Where a stage's blocks stand. */
interface PlacedStage {
  readonly leftPx: number;
  readonly pitchPx: number;
  readonly blocks: readonly ChoiceStyle[];
}

function layOut({ name, stageRepeats }: ReportSpace, drawn: readonly ChoiceStyle[]): PlacedStage[] {
  const count = stageRepeats.reduce((sum, repeats) => sum + repeats, 0);
  if (drawn.length !== count) {
    throw new RangeError(
      `Cannot draw an architecture of ${drawn.length} choices: space "${name}" has ${count} blocks`,
    );
  }
  const free = widthPx - 2 * marginPx - stageGapPx * (stageRepeats.length - 1);
  const pitchPx = Math.min(60, Math.floor(free / Math.max(1, count)));
  return stageRepeats.map((repeats, stage) => {
    const before = stageRepeats.slice(0, stage).reduce((sum, other) => sum + other, 0);
    const leftPx = marginPx + before * pitchPx + stage * stageGapPx;
    return { leftPx, pitchPx, blocks: drawn.slice(before, before + repeats) };
  });
}

/** Of either stem the first stage's maps are a quarter of the image. */
function strideOf(stage: number): number {
  return 2 ** (stage + 2);
}

function drawStage(
  canvas: PixelCanvas,
  { leftPx, pitchPx, blocks }: PlacedStage,
  stride: number,
  channels: number,
): void {
  const room = pitchPx * blocks.length;
  const blockPx = pitchPx - Math.max(1, Math.floor(pitchPx / 8));
  writeWithin(canvas, `1/${stride}`, leftPx, headingTopPx, room, ink);
  writeWithin(canvas, `${channels} CH`, leftPx, headingTopPx + 20, room, paleInk);
  canvas.fill(leftPx, middlePx - 1, room - (pitchPx - blockPx), 2, paleInk);
  blocks.forEach((style, i) => drawBlock(canvas, style, leftPx + i * pitchPx, middlePx, blockPx));
}

/** Large where there is room, else small. */
function writeWithin(
  canvas: PixelCanvas,
  text: string,
  left: number,
  top: number,
  room: number,
  color: string,
): void {
  canvas.write(text, left, top, pixelTextWidth(text, dotPx) <= room ? dotPx : smallDotPx, color);
}

function drawBlock(
  canvas: PixelCanvas,
  { color, heightPx, label }: ChoiceStyle,
  leftPx: number,
  middle: number,
  blockPx: number,
): void {
  canvas.fill(leftPx, middle - Math.floor(heightPx / 2), blockPx, heightPx, color);
  const dot = pixelTextWidth(label, dotPx) <= blockPx - 2 ? dotPx : smallDotPx;
  const left = leftPx + Math.floor((blockPx - pixelTextWidth(label, dot)) / 2);
  canvas.write(label, left, middle - Math.floor(pixelTextHeight(dot) / 2), dot, ink);
}

function drawLegendLine(canvas: PixelCanvas, style: ChoiceStyle, topPx: number): void {
  drawBlock(canvas, { ...style, heightPx: 20 }, marginPx, topPx + 10, 36);
  canvas.write(style.name, marginPx + 48, topPx + 3, dotPx, ink);
}

function wrongChoice({ choices }: ReportSpace, choice: number, block: number): never {
  throw new RangeError(
    `Cannot draw choice ${choice} of block ${block}: wanted 0 to ${choices.length - 1}`,
  );
}
