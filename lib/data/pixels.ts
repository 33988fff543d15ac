/**
 * The loops over pixels, in WebAssembly (pixels.as): arguments go into the module's memory, which is scratch, and
 * results come out as copies.
 *
 * @module
 */
import * as wasm from "./pixels.wasm";

/** Which pixels make each output pixel along one axis, and with what weights. */
export interface Taps {
  /** `[size]`: the first source pixel. */
  readonly first: Int32Array;
  /** `[size, pairs, 2]`: weights of sum {@linkcode tapsSum}, zero past the window. */
  readonly weights: Int16Array;
  /** Pairs of source pixels. */
  readonly pairs: number;
}

/** What the weights of one output pixel add up to. */
export const tapsSum = 2 ** 14;

const pageBytes = 65_536;
/** Vector loads and stores reach past a buffer's end. */
const spareBytes = 32;

/**
 * Weighted sums along rows, then along columns.
 *
 * @param rows Rows of `width` RGB pixels; `across.first` counts pixels of a row, `down.first` rows from the first.
 * @param width Pixels a row.
 * @returns `[down's size, across's size, 3]`, rounded to nearest.
 */
export function weightedSums(rows: Uint8Array, width: number, across: Taps, down: Taps): Uint8Array {
  const [widthPx, heightPx] = [across.first.length, down.first.length];
  const count = widthPx * 3;
  const rowCount = rows.length / (width * 3);
  const rowBytes = count * 2;
  const outBytes = heightPx * count;
  const place = allotter();
  const image = place(rows);
  const acrossFirst = place(across.first.map((pixel) => pixel * 3));
  const acrossWeights = place(across.weights);
  const downFirst = place(down.first);
  const downWeights = place(down.weights);
  const middle = place((rowCount + 1) * rowBytes); // an odd tap's pair is one row past the last
  const out = place(outBytes);
  const { pairs } = across;
  wasm.resampleRows(image, width * 3, acrossFirst, acrossWeights, pairs, widthPx, rowCount, middle);
  wasm.resampleColumns(middle, downFirst, downWeights, down.pairs, count, heightPx, out);
  return new Uint8Array(wasm.memory.buffer, out, outBytes).slice();
}

/** Blends each byte with a level, in place: `factor` times it and `1 - factor` times the level, clipped and truncated. */
export function blendWithLevel(data: Uint8Array, factor: number, level: number): void {
  changeInPlace(data, (pointer) => wasm.blendWithLevel(pointer, data.length, factor, (1 - factor) * level));
}

/** Mean grey of RGB pixels: luma of ITU-R BT.601, each pixel's truncated, as torchvision's greyscale of uint8. */
export function meanGrey(data: Uint8Array): number {
  return wasm.greySum(allotter()(data), wholeVectors(data)) / (data.length / 3);
}

/** Blends each RGB pixel with its grey, in place: `factor` times it and `1 - factor` times the grey. */
export function blendWithGrey(data: Uint8Array, factor: number): void {
  changeInPlace(data, (pointer) => wasm.blendWithGrey(pointer, wholeVectors(data), factor));
}

function changeInPlace(data: Uint8Array, change: (pointer: number) => void): void {
  const pointer = allotter()(data);
  change(pointer);
  data.set(new Uint8Array(wasm.memory.buffer, pointer, data.length));
}

/** Pixels are taken four at a time; what lies behind the last is zero. */
function wholeVectors(data: Uint8Array): number {
  return Math.ceil(data.length / 12) * 4;
}

/**
 * Hands out the memory from its start, growing it as needed: takes a buffer, or a length in bytes, and gives where it
 * lies. What was handed out before is free again.
 */
function allotter(): (content: ArrayBufferView | number) => number {
  let end = 1024; // the module's own
  return (content) => {
    const start = end;
    const byteLength = typeof content === "number" ? content : content.byteLength;
    end = start + Math.ceil((byteLength + spareBytes) / 16) * 16;
    const lackBytes = end - wasm.memory.buffer.byteLength;
    if (lackBytes > 0) wasm.memory.grow(Math.ceil(lackBytes / pageBytes));
    if (typeof content === "number") return start;
    const { buffer, byteOffset } = content;
    const target = new Uint8Array(wasm.memory.buffer, start, end - start);
    target.set(new Uint8Array(buffer, byteOffset, byteLength));
    target.fill(0, byteLength);
    return start;
  };
}
