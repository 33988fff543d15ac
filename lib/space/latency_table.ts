/**
 * The file of latencies that `deno task profile` writes (`latency.json`): what is in it, how it is read, and what it
 * must agree with before a search may count on it. `readLatencyTable` in `lib/stages/profile.ts` reads the file:
 * `readLatencyTable(path: string, use: LatencyUse): Promise<BlockLatencies>`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { BlockLatencies } from "./latency.ts";
import { type BlockChoice, blockCount, choiceCount, type SearchSpace } from "./search_space.ts";

/** The version of the file that this code writes and reads. */
export const latencyTableVersion = 2;

/** What was measured on, as far as it can be told apart. */
export interface MeasuredDevice {
  /** TensorFlow's version. */
  readonly tensorflow: string;
  /** e.g. `/job:localhost/replica:0/task:0/device:CPU:0`. */
  readonly deviceName: string;
  /** CPU threads of the kernels. */
  readonly threads: number;
  /** The model of the host's processor; null where it could not be had. */
  readonly hostCpu: string | null;
  /** What runs the blocks: `tensorflow`, or a build of the project's own kernels. */
  readonly kernels: string;
}

/** Repeated measurements of one thing, in milliseconds on one image. */
export interface Timing {
  /** What counts. */
  readonly medianMs: number;
  /** A quarter of the measurements is below. */
  readonly lowerQuartileMs: number;
  /** A quarter of the measurements is above. */
  readonly upperQuartileMs: number;
  /** How many measurements there are. */
  readonly repeats: number;
}

/** A whole backbone, measured as a chain, beside the sum of its parts. */
export interface MeasuredBackbone {
  /** The architecture: one choice for each block. */
  readonly choices: readonly number[];
  /** As a chain. */
  readonly measured: Timing;
  /** The parts' medians, added. */
  readonly sumMs: number;
}

/** How far sums of parts are from whole backbones. */
export interface LatencyValidation {
  /** What the errors are of. */
  readonly backbones: readonly MeasuredBackbone[];
  /** Mean over the backbones of `|sum - measured| / measured`. */
  readonly meanRelativeError: number;
  /** Its maximum. */
  readonly maxRelativeError: number;
  /** Mean of `(sum - measured) / measured`: below 0, sums are too small. */
  readonly bias: number;
  /** Pearson's, of sums and measurements; null where all are equal. */
  readonly correlation: number | null;
}

/** The file's content. */
export interface LatencyTable {
  /** Of the file's layout. */
  readonly version: typeof latencyTableVersion;
  /** What was measured on. */
  readonly device: MeasuredDevice;
  /** The name is for people; the hash is of all that the backbone is made of. */
  readonly space: { readonly name: string; readonly hash: string };
  /** Which channel shuffle the blocks start with. */
  readonly shuffleMethod: number;
  /** [height, width] in pixels of the one image. */
  readonly canvas: readonly [number, number];
  /** The same for all architectures. */
  readonly stem: Timing;
  /** `blocks[i][choice]`; equal blocks share one measurement. */
  readonly blocks: readonly (readonly Timing[])[];
  /** How far its sums are from whole backbones. */
  readonly validation: LatencyValidation;
}

/** What a table is to be used for. */
export interface LatencyUse {
  /** Whose blocks it must be of. */
  readonly space: SearchSpace;
  /** Which channel shuffle they start with. */
  readonly shuffleMethod: number;
  /** [height, width] in pixels: the detector's first canvas. */
  readonly canvas: readonly [number, number];
  /** What it must have been measured on. */
  readonly device: MeasuredDevice;
}

/** SHA-256 (hexadecimal) of what a space's backbone is made of: not its name, nor what only a classifier uses. */
export function backboneHash(space: SearchSpace): string {
  const { stem, stemChannels, stageRepeats, stageChannels } = space;
  const choices = space.choices.map(choiceIdentity);
  const data = JSON.stringify([stem, stemChannels, stageRepeats, stageChannels, choices]);
  return createHash("sha256").update(data).digest("hex");
}

function choiceIdentity(choice: BlockChoice): readonly (string | number)[] {
  switch (choice.kind) {
    case "custom":
      return [choice.kind, choice.name];
    case "bottleneck":
      return [choice.kind];
    default:
      return [choice.kind, choice.kernel];
  }
}

/** SHA-256 (hexadecimal) of latencies: scores and budgets of a search belong to these and no others. */
export function latenciesHash(latencies: BlockLatencies): string {
  const { stemMs, blocksMs } = latencies;
  return createHash("sha256").update(JSON.stringify([stemMs, blocksMs])).digest("hex");
}

/** A table's medians, as costs are counted with. */
export function blockLatencies(table: Pick<LatencyTable, "stem" | "blocks">): BlockLatencies {
  return {
    stemMs: table.stem.medianMs,
    blocksMs: table.blocks.map((block) => block.map(({ medianMs }) => medianMs)),
  };
}

/**
 * Reads a table's text.
 *
 * @param text The file's content.
 * @param path The file, for messages.
 * @throws {SyntaxError} If it is no JSON.
 * @throws {RangeError} If another version wrote it.
 * @throws {TypeError} If a field is missing or of another type; names it with what was found.
 */
export function parseLatencyTable(text: string, path: string): LatencyTable {
  const fields = parseJson(text, path);
  const version = valueAt(fields, "version");
  if (version !== latencyTableVersion) {
    throw new RangeError(
      `Cannot read ${path}: its version is ${JSON.stringify(version)}, wanted ${latencyTableVersion}; ` +
        `write it anew with deno task profile`,
    );
  }
  for (const [field, kind] of fieldKinds) require(fields, field, kind, path);
  const blocks = valueAt(fields, "blocks") as unknown[];
  blocks.forEach((block, i) => {
    require(fields, `blocks.${i}`, "a list", path);
    (block as unknown[]).forEach((_, choice) => requireTiming(fields, `blocks.${i}.${choice}`, path));
  });
  requireTiming(fields, "stem", path);
  return fields as LatencyTable;
}

/**
 * Refuses a table that was measured of something else.
 *
 * @param path The file, for messages.
 * @throws {RangeError} That names what differs: the space, the shuffle, the canvas, or the device, with both sides.
 */
export function checkLatencyTable(table: LatencyTable, use: LatencyUse, path: string): void {
  const refuse = (what: string, measured: string, wanted: string): never => {
    throw new RangeError(
      `Cannot use the latencies of ${path} as they were measured ${what}: ${measured}, wanted ${wanted}; ` +
        `run deno task profile for this config on this device`,
    );
  };
  const { space, canvas, device } = use;
  if (table.space.hash !== backboneHash(space)) {
    const now = table.space.name === space.name ? " as it is now" : "";
    refuse("of another space", `space "${table.space.name}"`, `space "${space.name}"${now}`);
  }
  if (table.shuffleMethod !== use.shuffleMethod) {
    refuse("with another channel shuffle", `method ${table.shuffleMethod}`, `method ${use.shuffleMethod}`);
  }
  if (String(table.canvas) !== String(canvas)) {
    refuse("at another resolution", `${table.canvas.join("x")} px`, `${canvas.join("x")} px`);
  }
  if (deviceText(table.device) !== deviceText(device)) {
    refuse("on another device", deviceText(table.device), deviceText(device));
  }
  checkComplete(table, space, path);
}

/** A device for people: `CPU:0 (AMD EPYC), 2 threads, TensorFlow 2.21.0, blocks by tensorflow`. */
export function deviceText({ deviceName, hostCpu, threads, tensorflow, kernels }: MeasuredDevice): string {
  const name = deviceName.replace(/^.*device:/, "");
  return `${name} (${
    hostCpu ?? "unknown processor"
  }), ${threads} threads, TensorFlow ${tensorflow}, blocks by ${kernels}`;
}

/** A file of the right space may still have been edited. */
function checkComplete(table: LatencyTable, space: SearchSpace, path: string): void {
  const [blocks, choices] = [blockCount(space), choiceCount(space)];
  const broken = table.blocks.findIndex((block) => block.length !== choices);
  if (table.blocks.length === blocks && broken < 0) return;
  const found = broken < 0
    ? `it has ${table.blocks.length} blocks, wanted ${blocks}`
    : `blocks.${broken} has ${table.blocks[broken].length} choices, wanted ${choices}`;
  throw new RangeError(`Cannot use the latencies of ${path}: ${found}`);
}

type Kind = "text" | "text or null" | "a number above 0" | "a list";

/** What must be there; blocks and stem are looked at one by one, the validation is for people. */
const fieldKinds: readonly (readonly [string, Kind])[] = [
  ["device.tensorflow", "text"],
  ["device.deviceName", "text"],
  ["device.threads", "a number above 0"],
  ["device.hostCpu", "text or null"],
  ["device.kernels", "text"],
  ["space.name", "text"],
  ["space.hash", "text"],
  ["shuffleMethod", "a number above 0"],
  ["canvas.0", "a number above 0"],
  ["canvas.1", "a number above 0"],
  ["blocks", "a list"],
];

function requireTiming(fields: unknown, field: string, path: string): void {
  for (const name of ["medianMs", "lowerQuartileMs", "upperQuartileMs", "repeats"]) {
    require(fields, `${field}.${name}`, "a number above 0", path);
  }
}

function require(fields: unknown, field: string, kind: Kind, path: string): void {
  const value = valueAt(fields, field);
  if (isKind(value, kind)) return;
  throw new TypeError(
    `Cannot read ${path}: ${field} is ${JSON.stringify(value) ?? "missing"}, wanted ${kind}`,
  );
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === "a list") return Array.isArray(value);
  if (kind === "a number above 0") return typeof value === "number" && value > 0;
  return typeof value === "string" || (kind === "text or null" && value === null);
}

/** The value at a dotted path; undefined where the path leads nowhere. */
function valueAt(fields: unknown, field: string): unknown {
  return field.split(".").reduce(
    (node: unknown, key) =>
      typeof node === "object" && node !== null ? (node as Record<string, unknown>)[key] : undefined,
    fields,
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`Cannot read ${path}: it is no JSON: ${reason}`, { cause });
  }
}
