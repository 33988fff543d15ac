/**
 * Indexes of data folders, kept between runs: made once, used as long as what they were made from is unchanged.
 *
 * An index knows its sources (annotation files by size and time of change, image folders by time of change), and
 * a start only looks at these. An index that is stale, torn or unreadable is made again, never trusted.
 *
 * @module
 */
import type { Column } from "./column.ts";
import { type ColumnFile, readColumnFile, writeColumnFile } from "./column_file.ts";
import { type DataFolder, statOrNull } from "./data_folder.ts";
import { sideBySide } from "./side_by_side.ts";

/** Where indexes are kept. */
export interface IndexStore {
  /** The folder; made if need be. Nothing is ever written into the data folders themselves. */
  readonly dir: string;
  /** Whether a new index is kept; a process without the right to write makes a stale one in memory only. */
  readonly canWrite: boolean;
}

/** An index as it is made. */
export interface IndexContent {
  /** What it was made from: files and folders, relative to the data folder. */
  readonly sources: readonly string[];
  /** Plain data that JSON can hold. */
  readonly meta: unknown;
  /** By name. */
  readonly columns: Readonly<Record<string, Column>>;
}

/** An index at hand. */
export interface DataIndex {
  /** As it was made. */
  readonly meta: unknown;
  /** By name. */
  readonly columns: Readonly<Record<string, Column>>;
  /** Names this content; null without a store. */
  readonly version: string | null;
}

/** A source as it was. */
interface SourceState {
  readonly path: string;
  /** -1 where it can't be relied on. */
  readonly mtimeMs: number;
  /** 0 for a folder. */
  readonly sizeBytes: number;
}

interface IndexHeader {
  readonly sources: readonly SourceState[];
  readonly meta: unknown;
}

/** Part of each index's name: raised when the layout of any index changes. */
const formatVersion = 1;
/** A change this shortly before the index was made, or later, may have been missed: file systems' clocks are coarse. */
const settledMs = 2000;
const concurrentStats = 16;

/**
 * An index from the store, or a new one.
 *
 * @param store Where it is kept; null keeps none.
 * @param folder The data folder.
 * @param what Which index of the folder, with all that its content depends on besides the folder.
 * @param make Makes it.
 * @throws {Error} If a new index can't be written, naming the file; and what `make` throws.
 */
export async function openIndex(
  store: IndexStore | null,
  folder: DataFolder,
  what: string,
  make: () => Promise<IndexContent>,
): Promise<DataIndex> {
  if (store === null) return { ...await make(), version: null };
  const file = `${store.dir}/${await indexName(folder, what)}.index`;
  const kept = await readKept(file);
  if (kept !== null && await isFresh(folder, kept.header as IndexHeader)) return toIndex(kept);
  const startedMs = Date.now();
  const { sources, meta, columns } = await make();
  if (!store.canWrite) return { meta, columns, version: null };
  const header = { sources: await statesOf(folder, sources, startedMs), meta };
  return toIndex(await writeColumnFile(file, header, columns));
}

/** A name without surprises for a folder's index: letters and digits. */
export async function indexName(folder: DataFolder, what: string): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([formatVersion, folder.realPath, what]));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex().slice(0, 24);
}

function toIndex({ header, columns, checksum }: ColumnFile): DataIndex {
  return { meta: (header as IndexHeader).meta, columns, version: checksum };
}

async function readKept(file: string): Promise<ColumnFile | null> {
  try {
    return await readColumnFile(file);
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    if (isMissing || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function isFresh(folder: DataFolder, { sources }: IndexHeader): Promise<boolean> {
  const isSame = await sideBySide(sources, concurrentStats, async ({ path, mtimeMs, sizeBytes }) => {
    const now = await stateOf(folder, path);
    return now.mtimeMs === mtimeMs && now.sizeBytes === sizeBytes;
  });
  return isSame.every((same) => same);
}

async function statesOf(
  folder: DataFolder,
  sources: readonly string[],
  startedMs: number,
): Promise<SourceState[]> {
  return await sideBySide(sources, concurrentStats, async (path) => {
    const state = await stateOf(folder, path);
    return state.mtimeMs < startedMs - settledMs ? state : { ...state, mtimeMs: -1 };
  });
}

/** A missing source has a state, too: it differs from that of a present one. */
async function stateOf(folder: DataFolder, path: string): Promise<SourceState> {
  const info = await statOrNull(path === "" ? folder.path : `${folder.path}/${path}`);
  if (info === null) return { path, mtimeMs: 0, sizeBytes: 0 };
  return { path, mtimeMs: info.mtime?.getTime() ?? -2, sizeBytes: info.isDirectory ? 0 : info.size };
}
