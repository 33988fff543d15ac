/**
 * What long work shows: one line that rewrites itself on a terminal, plain lines now and then elsewhere.
 *
 * @module
 */
import { ProgressClock } from "./progress_clock.ts";
import { textWidth, textWithin } from "./text_width.ts";

/** Where progress is shown. */
export interface ProgressOutput {
  /** Whether a line can be rewritten. */
  readonly isTerminal: boolean;
  /** Whether it may have colours. */
  readonly hasColours: boolean;
  /** Columns of a line, at this moment. */
  readonly columns: number;
  /** Writes text as it is. */
  write(text: string): void;
  /** A clock in milliseconds. */
  nowMs(): number;
}

/** How far the work is. */
export interface ProgressUpdate {
  /** Units done, counted from the work's beginning, also in a resumed run. */
  readonly done: number;
  /** Units in all. */
  readonly total: number;
  /** The latest loss. */
  readonly loss?: number;
  /** Resident memory in bytes, of the process that works. */
  readonly memoryBytes?: number;
  /** Anything else worth a few words, e.g. `best AP 0.412`. */
  readonly note?: string;
}

const terminalIntervalMs = 100;
const usualColumns = 80;

/** Plain lines come each ten seconds first, and more and more rarely in days of work, but every five minutes. */
function plainIntervalMs(elapsedMs: number): number {
  return Math.min(Math.max(10_000, elapsedMs / 20), 300_000);
}

/** The process's standard output; `TERM=dumb` and `NO_COLOR` are heeded. */
export function standardOutput(): ProgressOutput {
  const encoder = new TextEncoder();
  const isTerminal = Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
  return {
    isTerminal,
    hasColours: isTerminal && !Deno.noColor,
    get columns(): number {
      return (isTerminal && Deno.consoleSize().columns) || usualColumns; // some terminals don't know theirs and say 0
    },
    write: (text: string): void => writeAll(encoder.encode(text)),
    nowMs: (): number => performance.now(),
  };
}

/** One work's progress. Dispose it at the work's end, whether it ended well or not. */
export class ProgressLine implements Disposable {
  readonly #label: string;
  readonly #unit: string;
  readonly #output: ProgressOutput;
  readonly #clock = new ProgressClock();
  /** Columns of the line that stands on the terminal; 0 where none does. */
  #shownColumns = 0;

  /**
   * Starts a line; nothing is shown before the first update.
   *
   * @param label What is being done, e.g. `finetune`.
   * @param unit What is counted, e.g. `steps`.
   * @param output Where it is shown.
   */
  constructor(label: string, unit: string, output: ProgressOutput = standardOutput()) {
    this.#label = label;
    this.#unit = unit;
    this.#output = output;
  }

  /** Takes note of how far the work is, and shows it if it is time to: at the end always. */
  update(update: ProgressUpdate): void {
    const { isTerminal, columns } = this.#output;
    const intervalMs = isTerminal ? () => terminalIntervalMs : plainIntervalMs;
    if (!this.#clock.isDue(update, this.#output.nowMs(), intervalMs)) return;
    const parts = progressParts(this.#label, this.#unit, update, this.#clock);
    if (isTerminal) this.#rewrite(fittingParts(parts, columns - 1), columns);
    else this.#output.write(parts.map(({ text }) => text).join(separator) + "\n");
  }

  /** Prints a line of its own, e.g. where a checkpoint was written. */
  say(text: string): void {
    this.#output.write(`${this.#clearing(this.#output.columns)}${text}\n`);
    this.#shownColumns = 0;
  }

  /** Ends the line. */
  [Symbol.dispose](): void {
    if (this.#shownColumns > 0) this.#output.write("\n");
    this.#shownColumns = 0;
  }

  #rewrite(parts: readonly string[], columns: number): void {
    const text = textWithin(parts.join(separator), columns - 1);
    const shown = this.#output.hasColours ? emphasised(text, parts[0]) : text;
    this.#output.write(this.#clearing(columns) + shown);
    this.#shownColumns = Math.max(1, textWidth(text));
  }

  /** What takes away the line that stands, in however many rows it lies since the terminal became narrower. */
  #clearing(columns: number): string {
    if (this.#shownColumns === 0) return "";
    const rowsAbove = Math.floor((this.#shownColumns - 1) / Math.max(1, columns));
    return rowsAbove === 0 ? "\r\x1b[K" : `\r\x1b[${rowsAbove}A\x1b[J`;
  }
}

/** A duration in words, to the two largest units: `1 h 5 min`, `3 min 20 s`, `4 s`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return `${h} h ${min} min`;
  return min > 0 ? `${min} min ${s} s` : `${s} s`;
}

/** A size in bytes in words: `512 MB`, `1.2 GB` (powers of ten). */
export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

const separator = " · ";

/** A piece of the line. */
interface ProgressPart {
  readonly text: string;
  /** The higher, the sooner it is left out where the line is too long; 0 stays. */
  readonly dispensable: number;
}

function progressParts(
  label: string,
  unit: string,
  { done, total, loss, memoryBytes, note }: ProgressUpdate,
  { ratePerSecond: rate, secondsLeft }: ProgressClock,
): ProgressPart[] {
  const parts: ProgressPart[] = [{ text: `${label} ${done}/${total} ${unit}`, dispensable: 0 }];
  if (rate !== null) parts.push({ text: `${rateText(rate)} ${unit}/s`, dispensable: 3 });
  if (loss !== undefined) parts.push({ text: `loss ${loss.toPrecision(4)}`, dispensable: 2 });
  if (note !== undefined) parts.push({ text: note, dispensable: 4 });
  if (secondsLeft !== null && done < total) {
    parts.push({ text: `${durationText(1000 * secondsLeft)} left`, dispensable: 1 });
  }
  if (memoryBytes !== undefined) parts.push({ text: bytesText(memoryBytes), dispensable: 5 });
  return parts;
}

function rateText(rate: number): string {
  return rate < 100 ? rate.toPrecision(3) : String(Math.round(rate));
}

/** The parts that fit into a width, in their order, the least needed left out first. */
function fittingParts(parts: readonly ProgressPart[], width: number): string[] {
  const texts = parts.map(({ text }) => text);
  if (parts.length === 1 || textWidth(texts.join(separator)) <= width) return texts;
  const most = Math.max(...parts.map(({ dispensable }) => dispensable));
  return fittingParts(parts.filter(({ dispensable }) => dispensable < most), width);
}

/** The first part bold, the rest as it is. */
function emphasised(text: string, first: string): string {
  return `\x1b[1m${text.slice(0, first.length)}\x1b[22m${text.slice(first.length)}`;
}

function writeAll(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}
