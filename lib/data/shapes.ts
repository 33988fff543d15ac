/**
 * The `shapes` set: textured shapes over noise, made on the fly. Every image is a pure function of
 * (seed, split, index); boxes are those of the pixels that were drawn and stayed visible.
 *
 * @module
 */
import { type RandomStream, stream } from "../base/random.ts";
import type { Annotation, ClassificationSet, DetectionSet, RgbImage } from "./sample.ts";
import { listOf } from "./sample_list.ts";

/** The shapes: detection's classes. Each has its own hue. */
export const shapeNames: readonly string[] = ["circle", "square", "triangle", "cross", "ring"];

/** The textures; classification's classes are each shape in each texture, e.g. `striped circle`. */
export const shapeTextures: readonly string[] = ["striped", "checked"];

/** Which classification images to make. */
export interface ShapesClassificationOptions {
  /** Names the set. */
  readonly seed: number;
  /** e.g. `train`: splits share no image. */
  readonly split: string;
  /** The split's size is ten times this. */
  readonly imagesPerClass: number;
  /** Side of an image, in pixels. */
  readonly imagePx: number;
}

/** Which detection images to make. */
export interface ShapesDetectionOptions {
  /** Names the set. */
  readonly seed: number;
  /** e.g. `train`: splits share no image. */
  readonly split: string;
  /** How many images. */
  readonly count: number;
  /** Of every image. */
  readonly widthPx: number;
  /** Of every image. */
  readonly heightPx: number;
}

/** One shape in one image. */
interface Shape {
  /** Index into {@linkcode shapeNames}. */
  readonly kind: number;
  /** Index into {@linkcode shapeTextures}. */
  readonly texture: number;
  readonly x: number;
  readonly y: number;
  readonly radiusPx: number;
  readonly angle: number;
}

/** Shapes and who owns which pixel. */
interface Scene {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly shapes: Shape[];
  /** `[heightPx, widthPx]`: 0 is background, i + 1 is shape i. */
  readonly owners: Uint8Array;
  /** Pixels drawn of each shape, and how many are still visible. */
  readonly drawnPx: number[];
  readonly visiblePx: number[];
}

const maxShapes = 6;
const placementAttempts = 12;
/** A shape drawn over others must leave this share of each visible, so that every box names something to see. */
const minVisibleShare = 0.6;
/** Smallest radius: below it a shape's form can't be told at a stride of 8. */
const minRadiusPx = 5;

/**
 * A classification set of `10 * imagesPerClass` images, one large shape each; classes take turns. An image is drawn when it
 * is loaded, a pure function of (seed, split, index).
 */
export function shapesClassification(options: ShapesClassificationOptions): ClassificationSet {
  const { seed, split, imagesPerClass, imagePx } = options;
  const classes = shapeNames.flatMap((name) => shapeTextures.map((texture) => `${texture} ${name}`));
  const samples = Array.from({ length: classes.length * imagesPerClass }, (_, index) => {
    const classIndex = index % classes.length;
    const generate = (): RgbImage => {
      const random = stream(seed, "shapes classification", split, index);
      return paint(singleShape(classIndex, imagePx, random), random);
    };
    return { id: `${split}/${index}`, source: { generate }, classIndex };
  });
  return { name: split, classes, samples: listOf(samples) };
}

/**
 * A detection set: one to six shapes an image, several sizes, some behind others or cut by the border. An image is drawn when
 * it is loaded, a pure function of (seed, split, index); boxes are those of the pixels that stayed visible.
 */
export function shapesDetection(options: ShapesDetectionOptions): DetectionSet {
  const { seed, split, count, widthPx, heightPx } = options;
  const scene = (index: number): { scene: Scene; random: RandomStream } => {
    const random = stream(seed, "shapes detection", split, index);
    return { scene: scatter(widthPx, heightPx, random), random };
  };
  const samples = Array.from({ length: count }, (_, index) => ({
    id: `${split}/${index}`,
    source: {
      generate(): RgbImage {
        const { scene: drawn, random } = scene(index);
        return paint(drawn, random);
      },
    },
    widthPx,
    heightPx,
    annotations: annotate(scene(index).scene),
  }));
  return { name: split, classes: shapeNames, samples: listOf(samples), skipped: [] };
}

function singleShape(classIndex: number, imagePx: number, random: RandomStream): Scene {
  const scene = emptyScene(imagePx, imagePx);
  const radiusPx = imagePx * between(0.25, 0.42, random);
  const centre = (): number => between(radiusPx * 0.8, imagePx - radiusPx * 0.8, random);
  draw(scene, {
    kind: Math.floor(classIndex / shapeTextures.length),
    texture: classIndex % shapeTextures.length,
    x: centre(),
    y: centre(),
    radiusPx,
    angle: between(-0.4, 0.4, random),
  });
  return scene;
}

function scatter(widthPx: number, heightPx: number, random: RandomStream): Scene {
  const scene = emptyScene(widthPx, heightPx);
  const wanted = 1 + random.integer(maxShapes);
  for (let i = 0; i < wanted; i++) {
    for (let attempt = 0; attempt < placementAttempts; attempt++) {
      if (draw(scene, randomShape(widthPx, heightPx, random))) break;
    }
  }
  return scene;
}

function randomShape(widthPx: number, heightPx: number, random: RandomStream): Shape {
  const side = Math.min(widthPx, heightPx);
  const smallest = Math.max(minRadiusPx, side * 0.06);
  const radiusPx = smallest * Math.max(1, (side * 0.28) / smallest) ** random.uniform();
  const margin = radiusPx * 0.4; // some shapes are cut by the border, none by more than half
  return {
    kind: random.integer(shapeNames.length),
    texture: random.integer(shapeTextures.length),
    x: between(margin, widthPx - margin, random),
    y: between(margin, heightPx - margin, random),
    radiusPx,
    angle: between(-0.4, 0.4, random),
  };
}

function emptyScene(widthPx: number, heightPx: number): Scene {
  const owners = new Uint8Array(widthPx * heightPx);
  return { widthPx, heightPx, shapes: [], owners, drawnPx: [], visiblePx: [] };
}

/** Draws a shape over the others, unless that would hide one of them. */
function draw(scene: Scene, shape: Shape): boolean {
  const pixels = pixelsOf(scene, shape);
  const visible = scene.visiblePx.slice();
  for (const pixel of pixels) if (scene.owners[pixel] > 0) visible[scene.owners[pixel] - 1]--;
  if (visible.some((count, i) => count < minVisibleShare * scene.drawnPx[i])) return false;
  scene.shapes.push(shape);
  for (const pixel of pixels) scene.owners[pixel] = scene.shapes.length;
  scene.drawnPx.push(pixels.length);
  scene.visiblePx.splice(0, visible.length, ...visible);
  scene.visiblePx.push(pixels.length);
  return true;
}

function pixelsOf({ widthPx, heightPx }: Scene, shape: Shape): number[] {
  const pixels: number[] = [];
  const reach = shape.radiusPx * Math.SQRT2;
  const [left, right] = [
    Math.max(0, Math.floor(shape.x - reach)),
    Math.min(widthPx, Math.ceil(shape.x + reach)),
  ];
  const [top, bottom] = [
    Math.max(0, Math.floor(shape.y - reach)),
    Math.min(heightPx, Math.ceil(shape.y + reach)),
  ];
  const [cos, sin] = [Math.cos(shape.angle) / shape.radiusPx, Math.sin(shape.angle) / shape.radiusPx];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [dx, dy] = [x + 0.5 - shape.x, y + 0.5 - shape.y];
      if (isInside(shape.kind, cos * dx + sin * dy, cos * dy - sin * dx)) pixels.push(y * widthPx + x);
    }
  }
  return pixels;
}

/** Whether a point of the shape's own plane, in which it reaches about 1 from the origin, lies inside. */
function isInside(kind: number, u: number, v: number): boolean {
  const [across, down] = [Math.abs(u), Math.abs(v)];
  switch (kind) {
    case 0: // circle
      return u * u + v * v <= 1;
    case 1: // square
      return Math.max(across, down) <= 0.85;
    case 2: // triangle, apex up
      return v >= -1 && v <= 0.8 && across <= 0.95 * (v + 1) / 1.8;
    case 3: // cross
      return Math.min(across, down) <= 0.33 && Math.max(across, down) <= 1;
    default: // ring
      return u * u + v * v <= 1 && u * u + v * v >= 0.3;
  }
}

function annotate({ widthPx, shapes, owners, visiblePx }: Scene): Annotation[] {
  const bounds = shapes.map(() => [Infinity, Infinity, -Infinity, -Infinity]);
  for (let i = 0; i < owners.length; i++) {
    if (owners[i] === 0) continue;
    const box = bounds[owners[i] - 1];
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x + 1);
    box[3] = Math.max(box[3], y + 1);
  }
  return shapes.map(({ kind }, i) => ({
    boxXyxy: [bounds[i][0], bounds[i][1], bounds[i][2], bounds[i][3]],
    classIndex: kind,
    isCrowd: false,
    isDifficult: false,
    areaPx: visiblePx[i],
  }));
}

/**
 * Grey noise on a slope for the background, two tones of the shape's hue for its texture. A shape's pixel has at
 * least 29 grey levels between its channels, a background's at most 21.
 */
function paint({ widthPx, heightPx, shapes, owners }: Scene, random: RandomStream): RgbImage {
  const data = new Uint8Array(widthPx * heightPx * 3);
  const [level, slopeX, slopeY] = [
    between(80, 140, random),
    between(-50, 50, random),
    between(-50, 50, random),
  ];
  const tones = shapes.map((shape) => shapeTones(shape, random));
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      const shape = shapes[owners[pixel] - 1];
      const noise = random.integer(2 ** 32); // a byte for the grey, a byte for each colour
      const grey = level + slopeX * (x / widthPx - 0.5) + slopeY * (y / heightPx - 0.5) +
        0.3 * (noise >>> 24) - 38;
      const tone = shape === undefined ? null : tones[owners[pixel] - 1][textureTone(shape, x, y)];
      for (let c = 0; c < 3; c++) {
        const byte = ((noise >>> (8 * c)) & 255) - 127.5;
        const value = tone === null ? grey + 0.08 * byte : tone[c] + 0.12 * byte;
        data[pixel * 3 + c] = Math.min(255, Math.max(0, value));
      }
    }
  }
  return { width: widthPx, height: heightPx, data };
}

/** A light and a dark tone; the hues of shapes lie 72 degrees apart and vary by 15. */
function shapeTones({ kind }: Shape, random: RandomStream): readonly (readonly [number, number, number])[] {
  const hue = kind / shapeNames.length + between(-15, 15, random) / 360;
  const value = between(190, 240, random);
  const channel = (offset: number): number => {
    const distance = Math.abs(((hue + offset) % 1 + 1) % 1 * 6 - 3) - 1; // of hue, saturation and value: the pure hue
    return value * (0.2 + 0.8 * Math.min(1, Math.max(0, distance)));
  };
  const [red, green, blue] = [channel(0), channel(2 / 3), channel(1 / 3)];
  return [[red, green, blue], [0.4 * red, 0.4 * green, 0.4 * blue]];
}

/** 0 light, 1 dark: stripes across the shape, or squares. */
function textureTone({ x, y, radiusPx, angle, texture }: Shape, pixelX: number, pixelY: number): number {
  const cellPx = Math.max(2, radiusPx / 3.5);
  const [dx, dy] = [pixelX + 0.5 - x, pixelY + 0.5 - y];
  const across = Math.floor((Math.cos(angle) * dx + Math.sin(angle) * dy) / cellPx);
  const down = Math.floor((Math.cos(angle) * dy - Math.sin(angle) * dx) / cellPx);
  return (texture === 0 ? across : across + down) & 1;
}

function between(low: number, high: number, random: RandomStream): number {
  return low + (high - low) * random.uniform();
}
