/**
 * Annotated images as columns: what the VOC and COCO readers make, an index keeps, and samples are made from.
 *
 * @module
 */
import { type Column, GrowingColumn } from "./column.ts";
import { columnOf } from "./column_file.ts";
import type { DataFolder } from "./data_folder.ts";
import type { DataIndex } from "./data_index.ts";
import { type DetectionSplit, rowsWhere } from "./detection_split.ts";
import type { Annotation, DetectionSample, SkippedAnnotation } from "./sample.ts";
import { sampleList } from "./sample_list.ts";
import { TextColumn, TextColumnBuilder, textColumns } from "./text_column.ts";

/** What is known of all images, besides the columns. */
export interface TableMeta {
  /** Sorted as the layout has it. */
  readonly classes: readonly string[];
  /** Annotations left out, each with its image's row. */
  readonly skipped: readonly (SkippedAnnotation & { readonly row: number })[];
}

/** One image, as a reader adds it. */
export interface TableRow {
  /** The sample's id. */
  readonly id: string;
  /** Relative to the data folder. */
  readonly file: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly annotations: readonly Annotation[];
  /** Boxes that reached past the border. */
  readonly clippedCount: number;
}

const crowdFlag = 1;
const difficultFlag = 2;

/** Collects images, for {@linkcode AnnotationTable}. */
export class AnnotationTableBuilder {
  readonly #ids = new TextColumnBuilder();
  readonly #files = new TextColumnBuilder();
  readonly #sizesPx = new GrowingColumn(Uint32Array);
  readonly #clippedCounts = new GrowingColumn(Uint32Array);
  readonly #starts = new GrowingColumn(Uint32Array);
  readonly #boxesXyxy = new GrowingColumn(Float64Array);
  readonly #areasPx = new GrowingColumn(Float64Array);
  readonly #classIndices = new GrowingColumn(Uint32Array);
  readonly #flags = new GrowingColumn(Uint8Array);

  /** Begins without an image. */
  constructor() {
    this.#starts.push(0);
  }

  /** Adds an image. */
  push({ id, file, widthPx, heightPx, annotations, clippedCount }: TableRow): void {
    this.#ids.push(id);
    this.#files.push(file);
    this.#sizesPx.append([widthPx, heightPx]);
    this.#clippedCounts.push(clippedCount);
    for (const { boxXyxy, areaPx, classIndex, isCrowd, isDifficult } of annotations) {
      this.#boxesXyxy.append(boxXyxy);
      this.#areasPx.push(areaPx);
      this.#classIndices.push(classIndex);
      this.#flags.push((isCrowd ? crowdFlag : 0) | (isDifficult ? difficultFlag : 0));
    }
    this.#starts.push(this.#areasPx.length);
  }

  /** The columns. */
  finish(): Record<string, Column> {
    return {
      ...textColumns("ids", this.#ids.finish()),
      ...textColumns("files", this.#files.finish()),
      sizesPx: this.#sizesPx.finish(),
      clippedCounts: this.#clippedCounts.finish(),
      starts: this.#starts.finish(),
      boxesXyxy: this.#boxesXyxy.finish(),
      areasPx: this.#areasPx.finish(),
      classIndices: this.#classIndices.finish(),
      flags: this.#flags.finish(),
    };
  }
}

/** Annotated images in columns; a sample is made when asked for. */
export class AnnotationTable {
  /** Names by class index. */
  readonly classes: readonly string[];
  /** The index's, or null. */
  readonly version: string | null;
  /** The samples' ids, one a row. */
  readonly ids: TextColumn;
  /** Image files relative to the data folder, one a row. */
  readonly files: TextColumn;
  readonly #folderPath: string;
  readonly #skipped: TableMeta["skipped"];
  readonly #sizesPx: Uint32Array;
  readonly #clippedCounts: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #boxesXyxy: Float64Array;
  readonly #areasPx: Float64Array;
  readonly #classIndices: Uint32Array;
  readonly #flags: Uint8Array;

  /**
   * Takes an index's columns as they are.
   *
   * @throws {SyntaxError} If one is missing.
   */
  constructor(folder: DataFolder, { meta, columns, version }: DataIndex) {
    const { classes, skipped } = meta as TableMeta;
    this.#folderPath = folder.path;
    this.classes = classes;
    this.version = version;
    this.#skipped = skipped;
    this.ids = textColumn(columns, "ids");
    this.files = textColumn(columns, "files");
    this.#sizesPx = columnOf(columns, "sizesPx", Uint32Array);
    this.#clippedCounts = columnOf(columns, "clippedCounts", Uint32Array);
    this.#starts = columnOf(columns, "starts", Uint32Array);
    this.#boxesXyxy = columnOf(columns, "boxesXyxy", Float64Array);
    this.#areasPx = columnOf(columns, "areasPx", Float64Array);
    this.#classIndices = columnOf(columns, "classIndices", Uint32Array);
    this.#flags = columnOf(columns, "flags", Uint8Array);
  }

  /** How many images there are. */
  get length(): number {
    return this.ids.length;
  }

  /** The sample of a row. */
  sample(row: number): DetectionSample {
    const annotations: Annotation[] = [];
    for (let i = this.#starts[row]; i < this.#starts[row + 1]; i++) annotations.push(this.#annotation(i));
    return {
      id: this.ids.at(row),
      source: { file: `${this.#folderPath}/${this.files.at(row)}` },
      widthPx: this.#sizesPx[2 * row],
      heightPx: this.#sizesPx[2 * row + 1],
      annotations,
    };
  }

  /** Some rows as a split; by default all. */
  split(name: string, rows: Uint32Array = rowsWhere(this.length, () => true)): DetectionSplit {
    const isIn = new Uint8Array(this.length);
    let clippedCount = 0;
    for (const row of rows) {
      isIn[row] = 1;
      clippedCount += this.#clippedCounts[row];
    }
    return {
      name,
      classes: this.classes,
      samples: sampleList(rows.length, (i) => this.sample(rows[i])),
      skipped: this.#skipped.filter(({ row }) => isIn[row] === 1).map(({ file, reason }) => ({
        file,
        reason,
      })),
      clippedCount,
      version: this.version,
    };
  }

  #annotation(i: number): Annotation {
    const [x1, y1, x2, y2] = this.#boxesXyxy.subarray(4 * i, 4 * i + 4);
    return {
      boxXyxy: [x1, y1, x2, y2],
      classIndex: this.#classIndices[i],
      isCrowd: (this.#flags[i] & crowdFlag) !== 0,
      isDifficult: (this.#flags[i] & difficultFlag) !== 0,
      areaPx: this.#areasPx[i],
    };
  }
}

function textColumn(columns: Readonly<Record<string, Column>>, name: string): TextColumn {
  return new TextColumn(
    columnOf(columns, `${name}.bytes`, Uint8Array),
    columnOf(columns, `${name}.offsets`, Uint32Array),
  );
}
