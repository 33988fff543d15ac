/**
 * Checkpoints: folders `step-N` of safetensors files and a `manifest.json` with each file's size and SHA-256. A
 * checkpoint is there whole or not at all, and a damaged one is found out and passed over, aloud.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  makeFolder,
  removeIfThere,
  sweepTemporaries,
  syncFolder,
  writeFileSynced,
} from "../run/atomic_file.ts";
import type { CreateFile } from "../run/atomic_file.ts";
import { type Origin, type OriginDifference, originDifferences, refuseDifferences } from "../run/origin.ts";
import { decodeSafetensors, encodeSafetensors, type TensorMap } from "./safetensors.ts";

/** What must be the same for a resumed training to give the bytes of one that was never stopped. */
export interface CheckpointOrigin {
  /** See `configHash`. */
  readonly configHash: string;
  /** The run's seed. */
  readonly seed: number;
  /** See `dataFingerprint`; left out where the data are not at hand, and then not compared. */
  readonly data?: string;
  /** What computes, `cpu` or `gpu`; not compared with a checkpoint that doesn't say. */
  readonly device?: string;
  /** CPU threads of the kernels: sums depend on them. */
  readonly threads: number;
  /** Workers that train together: sums over a batch depend on how it is divided. Default: 1. */
  readonly workers?: number;
  /** Versions by name, e.g. `{ tensorflow: "2.21.0" }`. */
  readonly versions: Readonly<Record<string, string>>;
}

/** A training's state after a step. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** What made it. */
  readonly origin: CheckpointOrigin;
  /** Tensors by file (without `.safetensors`), e.g. `parameters`, `momenta`, `statistics`. */
  readonly files: Readonly<Record<string, TensorMap>>;
  /** Which network the tensors are of, see `networkMetadata`; stands in every file, so that weights alone tell it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** How checkpoints are saved. */
export interface SaveOptions {
  /** How many of the newest stay; default 2. */
  readonly keep?: number;
  /** Whether a step is on the schedule; a checkpoint of another step stays until the next is saved. Default: all are. */
  readonly isScheduled?: (step: number) => boolean;
  /** How files are opened. */
  readonly create?: CreateFile;
}

/** How checkpoints are loaded. */
export interface LoadOptions {
  /** What goes on from it. */
  readonly origin: CheckpointOrigin;
  /** True goes on from another origin too; the result is then not the one of an undisturbed run. */
  readonly approximate?: boolean;
  /** Whether the training is at its end: how many workers took part does not matter any more. Default: false. */
  readonly isFinished?: boolean;
  /** Told of each field that differs and is gone on with: the checkpoint's folder, and the field with both values. */
  readonly onDifference?: (path: string, difference: OriginDifference) => void;
  /** Told of each damaged checkpoint that is passed over: what is wrong, with the file's path. */
  readonly onDamaged?: (reason: string) => void;
}

const schemaVersion = 2;
const manifestName = "manifest.json";

interface Manifest {
  schema: number;
  step: number;
  origin: CheckpointOrigin;
  files: Record<string, { bytes: number; sha256: string }>;
  metadata: Readonly<Record<string, string>>;
}

/**
 * Saves a checkpoint as `step-N` and removes older ones, and those past it (of a line that was given up).
 *
 * @param dir The folder of checkpoints; must exist.
 * @param checkpoint The state; a checkpoint of the same step is replaced.
 * @returns The checkpoint's folder.
 * @throws {Error} If it can't be written, naming the file; the others are left as they are.
 */
export async function saveCheckpoint(
  dir: string,
  checkpoint: Checkpoint,
  options: SaveOptions = {},
): Promise<string> {
  const target = `${dir}/step-${checkpoint.step}`;
  const temporary = `${target}.tmp`;
  await removeIfThere(temporary);
  try {
    await makeFolder(temporary);
    await writeCheckpoint(temporary, checkpoint, options.create);
    await discard(target);
    await Deno.rename(temporary, target);
    await syncFolder(dir);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  await prune(dir, checkpoint.step, options);
  return target;
}

/**
 * Loads the newest checkpoint that is whole, after removing what an earlier process had not finished writing.
 *
 * @param dir The folder of checkpoints; must exist.
 * @returns The checkpoint, or null if there is none (or none that is whole).
 * @throws {RangeError} If it was made from another origin, and that is not allowed; names every field that differs.
 */
export async function loadNewestCheckpoint(dir: string, options: LoadOptions): Promise<Checkpoint | null> {
  await sweepTemporaries(dir);
  for (const step of (await checkpointSteps(dir)).reverse()) {
    const path = `${dir}/step-${step}`;
    const result = await readCheckpoint(path);
    if (typeof result === "string") {
      options.onDamaged?.(result);
      continue;
    }
    const { workers = 1 } = options.isFinished ? result.origin : options.origin;
    const differences = differencesOf(result.origin, { ...options.origin, workers });
    if (options.approximate !== true) refuseDifferences(path, differences);
    for (const difference of differences) options.onDifference?.(path, difference);
    return result;
  }
  return null;
}

/**
 * Reads one checkpoint, whoever made it.
 *
 * @param path Its folder `step-N`.
 * @returns The checkpoint; or what is damaged, naming the file.
 * @throws {RangeError} If it was written in another schema.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint | string> {
  try {
    const { step, origin, files, metadata } = await readManifest(`${path}/${manifestName}`);
    const tensors: Record<string, TensorMap> = {};
    for (const [name, { bytes, sha256 }] of Object.entries(files)) {
      const file = `${path}/${name}.safetensors`;
      tensors[name] = decodeSafetensors(await readVerified(file, bytes, sha256), file).tensors;
    }
    return { step, origin, files: tensors, metadata };
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** Steps of the checkpoints in a folder, whole or not, ascending. The folder must exist. */
export async function checkpointSteps(dir: string): Promise<number[]> {
  const steps: number[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const step = /^step-(\d+)$/.exec(entry.name)?.[1];
    if (entry.isDirectory && step !== undefined) steps.push(Number(step));
  }
  return steps.sort((a, b) => a - b);
}

async function writeCheckpoint(dir: string, checkpoint: Checkpoint, create?: CreateFile): Promise<void> {
  const { step, origin, metadata } = checkpoint;
  const files: Manifest["files"] = {};
  for (const [name, tensors] of Object.entries(checkpoint.files)) {
    const chunks = encodeSafetensors(tensors, metadata);
    await writeFileSynced(`${dir}/${name}.safetensors`, chunks, create);
    files[name] = { bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0), sha256: sha256(chunks) };
  }
  const text = manifestText({ schema: schemaVersion, step, origin, files, metadata });
  await writeFileSynced(`${dir}/${manifestName}`, [new TextEncoder().encode(text)], create);
  await syncFolder(dir);
}

/** Keeps the step just saved and, with it, the newest of the schedule up to there: what a run without a stop has. */
async function prune(
  dir: string,
  saved: number,
  { keep = 2, isScheduled = () => true }: SaveOptions,
): Promise<void> {
  const steps = await checkpointSteps(dir);
  const kept = steps.filter((step) => step <= saved && isScheduled(step)).slice(-keep);
  for (const step of steps) {
    if (step !== saved && !kept.includes(step)) await discard(`${dir}/step-${step}`);
  }
}

/** Removes a checkpoint under a temporary's name, so that one removed in part is never taken for a damaged one. */
async function discard(path: string): Promise<void> {
  const doomed = `${path}.old.tmp`;
  try {
    await Deno.rename(path, doomed);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  await removeIfThere(doomed);
}

/** The manifest vouches for itself too: its last field is the SHA-256 of its text without that field. */
function manifestText(manifest: Manifest): string {
  const digest = sha256([new TextEncoder().encode(JSON.stringify(manifest))]);
  return JSON.stringify({ ...manifest, sha256: digest }, null, 2) + "\n";
}

async function readManifest(path: string): Promise<Manifest> {
  const text = new TextDecoder().decode(await readOrDamaged(path));
  const { sha256: _digest, ...manifest } = parseManifest(text, path);
  if (manifestText(manifest) !== text) throw damaged(path, "it does not have the SHA-256 that it names");
  if (manifest.schema === schemaVersion) return manifest;
  throw new RangeError(`Cannot read ${path} as its schema is ${manifest.schema}, wanted ${schemaVersion}`);
}

function parseManifest(text: string, path: string): Manifest & { sha256: string } {
  try {
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest === "object" && manifest !== null) return manifest as Manifest & { sha256: string };
  } catch {
    throw damaged(path, "it is no JSON");
  }
  throw damaged(path, "it is no JSON object");
}

async function readVerified(path: string, size: number, digest: string): Promise<Uint8Array> {
  const bytes = await readOrDamaged(path);
  if (bytes.length !== size) throw damaged(path, `it has ${bytes.length} bytes, wanted ${size}`);
  if (sha256([bytes]) !== digest) throw damaged(path, "its SHA-256 is not the manifest's");
  return bytes;
}

async function readOrDamaged(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw damaged(path, "it is missing");
    throw error;
  }
}

function damaged(path: string, reason: string): SyntaxError {
  return new SyntaxError(`Cannot use ${path}: ${reason}`);
}

function differencesOf(found: CheckpointOrigin, wanted: CheckpointOrigin): OriginDifference[] {
  const isKnown = (field: "data" | "device"): boolean =>
    found[field] !== undefined && wanted[field] !== undefined;
  const [data, device] = [isKnown("data"), isKnown("device")];
  return originDifferences(originFields(found, { data, device }), originFields(wanted, { data, device }));
}

/** The config comes last: its hash says least, and holds seed and device too. */
function originFields(
  { configHash, seed, data, device, threads, workers = 1, versions }: CheckpointOrigin,
  compared: { data: boolean; device: boolean },
): Origin {
  const named = Object.entries(versions).map(([name, version]) => [`version of ${name}`, version]);
  return {
    seed,
    ...(compared.data ? { data } : {}),
    ...(compared.device ? { device } : {}),
    threads,
    workers,
    ...Object.fromEntries(named),
    config: configHash,
  };
}

function sha256(chunks: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
