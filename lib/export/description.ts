/**
 * What a user of an exported network must know, as data: it lies beside every export.
 *
 * @module
 */
import { projectVersion } from "../base/version.ts";
import type { Canvas } from "../data/canvas.ts";
import { architectureKey } from "../space/architecture.ts";
import type { TrainedNetwork } from "./network_graph.ts";

/** The whole detector, or the features it looks at. */
export type ExportedPart = "detector" | "backbone";

/** The content of `detector.json` or `backbone.json`. */
export interface ExportDescription {
  readonly part: ExportedPart;
  /** The format's name, as `--format` takes it. */
  readonly format: string;
  /** Of what wrote it. */
  readonly detnas: string;
  readonly space: string;
  /** The architecture: one character a block. */
  readonly architecture: string;
  /** What an image must be like. */
  readonly input: {
    readonly channels: "RGB";
    readonly range: readonly [0, 255];
    /** Subtracted from, and divided by: the network normalises inside. */
    readonly mean: readonly [0, 0, 0];
    readonly std: readonly [1, 1, 1];
    /** A detector's canvases; a backbone takes any size. */
    readonly canvases: readonly (Canvas & { readonly file: string })[];
    /** How a picture comes onto a canvas. */
    readonly placement: string | null;
  };
  /** A detector's classes, in the order of their numbers. */
  readonly classes: readonly string[] | null;
  /** A detector's settings, which the files hold. */
  readonly detection:
    | { readonly scoreThreshold: number; readonly nmsIou: number; readonly maxDetections: number }
    | null;
}

const placement =
  "choose the canvas on which the picture comes out largest; resize the picture, keeping its " +
  "aspect ratio, until it fills the canvas's width or height; put it at the top left and leave the rest 0; extent is " +
  "the resized picture's width and height; divide found boxes by extent / the picture's own size";

/**
 * Describes an export.
 *
 * @param files One a canvas, in the config's order.
 */
export function describeExport(
  { config: { space, detector }, choices, classes }: TrainedNetwork,
  part: ExportedPart,
  format: string,
  files: readonly string[],
): ExportDescription {
  const isDetector = part === "detector";
  const { scoreThreshold, nmsIou, maxDetections } = detector;
  return {
    part,
    format,
    detnas: projectVersion,
    space: space.name,
    architecture: architectureKey(choices),
    input: {
      channels: "RGB",
      range: [0, 255],
      mean: [0, 0, 0],
      std: [1, 1, 1],
      canvases: isDetector ? canvasesOf(detector).map((canvas, i) => ({ ...canvas, file: files[i] })) : [],
      placement: isDetector ? placement : null,
    },
    classes: isDetector ? classes : null,
    detection: isDetector ? { scoreThreshold, nmsIou, maxDetections } : null,
  };
}

/** A detector's canvases. */
export function canvasesOf(
  { canvases }: { readonly canvases: readonly (readonly [number, number])[] },
): Canvas[] {
  return canvases.map(([heightPx, widthPx]) => ({ heightPx, widthPx }));
}
