/**
 * The flags of `bench:exports`.
 *
 * @module
 */
import { parseArgs } from "@std/cli";

/** What a check of exports is told. */
export interface ExportCheckOptions {
  /** The run folder; what it exported is in `export`. */
  readonly run: string;
  /** Folder that annotations and results are written to. */
  readonly output: string;
  /** Where the data set lies now; null takes what the run's config says. */
  readonly data: string | null;
  /** How many of the test split's photographs, from the first on; Infinity for all. */
  readonly images: number;
}

/** What the flags are. */
export const exportCheckFlags = `  --run DIR     a run whose network was exported
  --output DIR  annotations and each format's results are written there, as COCO's
  --data DIR    where the photographs lie now (default: as in the run's config)
  --images N    of the test split's photographs, the first N (default all)`;

/**
 * Reads the flags.
 *
 * @throws {TypeError} If one is unknown or missing.
 * @throws {RangeError} If `--images` is no whole number of at least 1.
 */
export function parseExportCheck(args: string[]): ExportCheckOptions {
  const { run, output, data, images } = parseArgs(args, {
    string: ["run", "output", "data", "images"],
    unknown: (arg) => {
      throw new TypeError(`Cannot understand "${arg}": the flags are\n${exportCheckFlags}`);
    },
  }) as Partial<Record<string, string>>;
  if (!run || !output) {
    throw new TypeError(`Cannot check exports without --run and --output:\n${exportCheckFlags}`);
  }
  return { run, output, data: data || null, images: imageCount(images) };
}

function imageCount(images: string | undefined): number {
  if (images === undefined) return Infinity;
  const count = Number(images);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new RangeError(
    `Cannot check exports on --images "${images}": it must be a whole number of at least 1`,
  );
}
