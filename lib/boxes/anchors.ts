/**
 * RetinaNet's anchors: reference boxes of several sizes and shapes at every cell of every feature map.
 *
 * @module
 */

/** What a pyramid's anchors look like; the same at every level, in units of the level's stride. */
export interface AnchorOptions {
  /** Side of the smallest square anchor in strides; 4 gives 32..512 px at P3..P7. */
  readonly anchorScale: number;
  /** Sizes per level: `anchorScale * 2^(i / scalesPerOctave)` strides for i = 0, 1, … */
  readonly scalesPerOctave: number;
  /** Height over width; all shapes of one size have the same area. */
  readonly aspectRatios: readonly number[];
}

/** One feature map of the pyramid. */
export interface PyramidLevel {
  /** l of P_l. */
  readonly level: number;
  /** 2^l image pixels from a cell to the next. */
  readonly stridePx: number;
  /** Rows of the feature map. */
  readonly heightCells: number;
  /** Columns of the feature map. */
  readonly widthCells: number;
}

/**
 * The feature maps of a canvas. Each level halves the one before, rounding up, because every stride-2
 * convolution of backbone and pyramid pads by half its kernel: size = ceil(size / 2), so ceil(canvas / 2^l).
 *
 * @param levels First and last level, e.g. `[3, 7]` for P3..P7.
 * @param canvas The padded images' size.
 * @returns The levels, finest first.
 * @throws {RangeError} If the levels or sizes are not positive whole numbers in order.
 */
export function pyramidLevels(
  levels: readonly [number, number],
  canvas: { readonly heightPx: number; readonly widthPx: number },
): PyramidLevel[] {
  const [first, last] = levels;
  if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || last < first) {
    throw new RangeError(
      `Cannot lay out a pyramid as levels must be two whole numbers in order: current value is ${first},${last}`,
    );
  }
  if (!(canvas.heightPx >= 1 && canvas.widthPx >= 1)) {
    throw new RangeError(
      `Cannot lay out a pyramid as the canvas must have an area: heightPx x widthPx is ${canvas.heightPx} x ${canvas.widthPx}`,
    );
  }
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const stridePx = 2 ** (first + i);
    return {
      level: first + i,
      stridePx,
      heightCells: Math.ceil(canvas.heightPx / stridePx),
      widthCells: Math.ceil(canvas.widthPx / stridePx),
    };
  });
}

/** Anchors at one cell: scales times aspect ratios. */
export function anchorsPerCell(options: AnchorOptions): number {
  return options.scalesPerOctave * options.aspectRatios.length;
}

/**
 * How many anchors each level has, in the order of {@linkcode pyramidAnchors}.
 *
 * @param levels First and last level.
 * @param canvas The padded images' size.
 * @param options The anchors' sizes and shapes.
 * @throws {RangeError} If the levels or sizes are not positive whole numbers in order.
 */
export function anchorsPerLevel(
  levels: readonly [number, number],
  canvas: { readonly heightPx: number; readonly widthPx: number },
  options: AnchorOptions,
): number[] {
  return pyramidLevels(levels, canvas)
    .map(({ heightCells, widthCells }) => heightCells * widthCells * anchorsPerCell(options));
}

/**
 * All anchors of a canvas (Lin et al. 2017, "Focal loss", section 4), in the order that the heads emit
 * `[H, W, A * …]`: level, row, column, then anchor; at a cell the scale varies slowest (scale-major: all
 * aspect ratios of the smallest scale first). The anchors of cell (row, column) are centred on
 * (column * stride, row * stride), as torchvision's are: with convolutions that pad by half their kernel, that
 * is the middle of what the cell sees, to half a pixel. They reach past the border and are not clipped.
 *
 * @param levels First and last level, e.g. `[3, 7]`.
 * @param canvas The padded images' size.
 * @param options The anchors' sizes and shapes.
 * @returns `[R, 4]` float32 x1, y1, x2, y2 in canvas pixels.
 * @throws {RangeError} If an option is not positive.
 */
export function pyramidAnchors(
  levels: readonly [number, number],
  canvas: { readonly heightPx: number; readonly widthPx: number },
  options: AnchorOptions,
): Float32Array {
  const shapes = cellAnchors(options);
  const pyramid = pyramidLevels(levels, canvas);
  const cells = pyramid.reduce((sum, level) => sum + level.heightCells * level.widthCells, 0);
  const anchors = new Float32Array(cells * shapes.length);
  let at = 0;
  for (const { stridePx, heightCells, widthCells } of pyramid) {
    for (let row = 0; row < heightCells; row++) {
      for (let column = 0; column < widthCells; column++) {
        for (let i = 0; i < shapes.length; i++) {
          anchors[at++] = ((i % 2 === 0 ? column : row) + shapes[i]) * stridePx;
        }
      }
    }
  }
  return anchors;
}

/**
 * The anchors of the cell at the origin, in strides.
 *
 * @param options The anchors' sizes and shapes.
 * @returns `[A, 4]` flat, x1, y1, x2, y2 around the cell's centre.
 * @throws {RangeError} If an option is not positive.
 */
export function cellAnchors(options: AnchorOptions): number[] {
  checkOptions(options);
  const shapes: number[] = [];
  for (let octave = 0; octave < options.scalesPerOctave; octave++) {
    const side = options.anchorScale * 2 ** (octave / options.scalesPerOctave);
    for (const ratio of options.aspectRatios) {
      const width = side / Math.sqrt(ratio); // width * height = side^2
      const height = width * ratio;
      shapes.push(-width / 2, -height / 2, width / 2, height / 2);
    }
  }
  return shapes;
}

function checkOptions(options: AnchorOptions): void {
  const { anchorScale, scalesPerOctave, aspectRatios } = options;
  if (!(anchorScale > 0)) {
    throw new RangeError(`Cannot make anchors as anchorScale must be > 0: current value is ${anchorScale}`);
  }
  if (!Number.isInteger(scalesPerOctave) || scalesPerOctave < 1) {
    throw new RangeError(
      `Cannot make anchors as scalesPerOctave must be a whole number >= 1: current value is ${scalesPerOctave}`,
    );
  }
  if (aspectRatios.length === 0 || !aspectRatios.every((ratio) => ratio > 0)) {
    throw new RangeError(
      `Cannot make anchors as aspectRatios must be numbers > 0: current value is [${aspectRatios}]`,
    );
  }
}
