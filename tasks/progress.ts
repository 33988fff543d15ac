/**
 * What long work shows: one line that rewrites itself on a terminal, plain lines now and then elsewhere.
 *
 * @module
 */

/** Where progress is shown. */
export interface ProgressOutput {
  /** Whether a line can be rewritten. */
  readonly isTerminal: boolean;
  /** Width of a line in characters. */
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
const plainIntervalMs = 10_000;
/** Over how many updates the rate is taken. */
const rateWindow = 50;

/** The process's standard output. */
export function standardOutput(): ProgressOutput {
  const encoder = new TextEncoder();
  const isTerminal = Deno.stdout.isTerminal();
  return {
    isTerminal,
    columns: isTerminal ? Deno.consoleSize().columns : 80,
    write: (text: string): void => writeAll(encoder.encode(text)),
    nowMs: (): number => performance.now(),
  };
}

/** One work's progress. Dispose it at the work's end, whether it ended well or not. */
export class ProgressLine implements Disposable {
  readonly #label: string;
  readonly #unit: string;
  readonly #output: ProgressOutput;
  #samples: { atMs: number; done: number }[] = [];
  #shownAtMs = -Infinity;
  #isLineOpen = false;

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
    const now = this.#output.nowMs();
    this.#samples = [...this.#samples, { atMs: now, done: update.done }].slice(-rateWindow);
    const intervalMs = this.#output.isTerminal ? terminalIntervalMs : plainIntervalMs;
    if (now - this.#shownAtMs < intervalMs && update.done < update.total) return;
    this.#shownAtMs = now;
    this.#show(progressText(this.#label, this.#unit, update, this.#ratePerSecond()));
  }

  /** Prints a line of its own, e.g. where a checkpoint was written. */
  say(text: string): void {
    this.#output.write(`${this.#isLineOpen ? "\r\x1b[K" : ""}${text}\n`);
    this.#isLineOpen = false;
  }

  /** Ends the line. */
  [Symbol.dispose](): void {
    if (this.#isLineOpen) this.#output.write("\n");
    this.#isLineOpen = false;
  }

  #show(text: string): void {
    if (!this.#output.isTerminal) return this.#output.write(text + "\n");
    this.#output.write(`\r${text.slice(0, this.#output.columns - 1)}\x1b[K`);
    this.#isLineOpen = true;
  }

  #ratePerSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples[this.#samples.length - 1]];
    const elapsedMs = last.atMs - first.atMs;
    return elapsedMs > 0 && last.done > first.done ? (1000 * (last.done - first.done)) / elapsedMs : null;
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

function progressText(label: string, unit: string, update: ProgressUpdate, rate: number | null): string {
  const { done, total, loss, memoryBytes, note } = update;
  const parts = [`${label} ${done}/${total} ${unit}`];
  if (rate !== null) parts.push(`${rate < 100 ? rate.toPrecision(3) : Math.round(rate)} ${unit}/s`);
  if (loss !== undefined) parts.push(`loss ${loss.toPrecision(4)}`);
  if (note !== undefined) parts.push(note);
  if (rate !== null && done < total) parts.push(`${durationText((1000 * (total - done)) / rate)} left`);
  if (memoryBytes !== undefined) parts.push(bytesText(memoryBytes));
  return parts.join(" · ");
}

function writeAll(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}
