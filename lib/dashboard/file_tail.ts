/**
 * The lines that a file has gained: a run's logs are followed while another process writes them.
 *
 * @module
 */
import { readRange } from "../base/read_range.ts";

/** How much is read at a time: a look at a long file must not hold up what else this process does. */
const chunkBytes = 1 << 20;

/** What a look at a file found. */
export interface TailLines {
  /** Whole lines since the last look, without their ends; a last line under way waits for its end. */
  readonly lines: readonly string[];
  /** Whether the file was cut or replaced, so that `lines` starts anew and what was read before no longer counts. */
  readonly restarted: boolean;
  /** Whether there is more to read at once. */
  readonly hasMore: boolean;
}

/** Follows one file of lines; it need not exist yet. */
export class FileTail {
  readonly #path: string;
  #offset = 0;
  #inode: number | null = null;
  #pending: Uint8Array = new Uint8Array();

  /**
   * Starts at the file's beginning.
   *
   * @param path The file.
   */
  constructor(path: string) {
    this.#path = path;
  }

  /** Reads what has come since the last look, at most a mebibyte; a file that is gone has been cut to nothing. */
  async read(): Promise<TailLines> {
    const file = await openIfThere(this.#path);
    if (file === null) return { lines: [], restarted: this.#restart(null), hasMore: false };
    using _open = file;
    const { size, ino } = await file.stat();
    const isOther = this.#inode !== null && (ino !== this.#inode || size < this.#offset);
    const restarted = isOther && this.#restart(ino);
    this.#inode = ino;
    const bytes = await readRange(file, this.#offset, Math.min(this.#offset + chunkBytes, size));
    this.#offset += bytes.length;
    return { lines: this.#split(bytes), restarted, hasMore: bytes.length > 0 && this.#offset < size };
  }

  /** @returns Whether anything had been read. */
  #restart(inode: number | null): boolean {
    const wasRead = this.#offset > 0;
    [this.#offset, this.#inode, this.#pending] = [0, inode, new Uint8Array()];
    return wasRead;
  }

  /** Cuts at the last newline, in bytes: a character may be in two parts. */
  #split(bytes: Uint8Array): string[] {
    const all = new Uint8Array(this.#pending.length + bytes.length);
    all.set(this.#pending);
    all.set(bytes, this.#pending.length);
    const end = all.lastIndexOf(NEWLINE) + 1;
    this.#pending = all.slice(end);
    return end === 0 ? [] : new TextDecoder().decode(all.subarray(0, end - 1)).split("\n");
  }
}

const NEWLINE = 10;

async function openIfThere(path: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
