/**
 * A set of images with boxes and its loader, as a config asks for it.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import { DetectionLoader } from "../data/loader.ts";
import type { DetectionSet } from "../data/sample.ts";
import { type Device, threadsOf } from "./device.ts";

/** A set with its loader. */
export interface LoadedSet {
  readonly set: DetectionSet;
  readonly loader: DetectionLoader;
}

/** What every loader of detection images is told by a config. */
export function loading(config: Config): {
  readonly seed: number;
  readonly maxImagePixels: number;
  readonly canvases: { readonly heightPx: number; readonly widthPx: number }[];
} {
  return {
    seed: config.seed,
    maxImagePixels: config.maxImagePixels,
    canvases: config.detector.canvases.map(([heightPx, widthPx]) => ({ heightPx, widthPx })),
  };
}

/** A set whose images are loaded as they are; the loader is the caller's to dispose. */
export function loadedSet(device: Device, set: DetectionSet, config: Config, batchSize: number): LoadedSet {
  const unchanged = { flip: false, verticalFlip: false, scaleJitter: [1, 1] } as const;
  const options = { ...loading(config), ...unchanged, ...threadsOf(device), batchSize };
  return { set, loader: new DetectionLoader(set, options) };
}
