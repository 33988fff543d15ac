/**
 * A run's `metrics.jsonl`: one JSON object a line, in the order of training. A resumed run cuts it back to where
 * it goes on from, so that no step stands in it twice.
 *
 * @module
 */
import { appendText, writeFileAtomic } from "./atomic_file.ts";

/** One line: which stage and step, and what was measured there. */
export interface MetricRecord {
  /** What was measured, with its unit in the name. */
  readonly [name: string]: string | number | boolean | null | readonly number[];
  /** The stage, e.g. `finetune`. */
  readonly stage: string;
  /** The step in the stage, from 1; 0 for what precedes it. */
  readonly step: number;
}

/** Appends to, reads and cuts back a file of metrics. */
export class MetricsLog {
  /** The file. */
  readonly path: string;

  /**
   * A log in a file.
   *
   * @param path The file; it need not exist.
   */
  constructor(path: string) {
    this.path = path;
  }

  /** Adds records, which are on the disk then; await it before the next, so that the lines keep their order. */
  async append(...records: MetricRecord[]): Promise<void> {
    await appendText(this.path, records.map((record) => JSON.stringify(record) + "\n").join(""));
  }

  /**
   * All records, oldest first.
   *
   * @throws {SyntaxError} If a line can't be read, naming file and line.
   */
  async read(): Promise<MetricRecord[]> {
    return parseMetrics(await this.#text(), this.path);
  }

  /** Removes a last line that was being written when the process ended. */
  async repair(): Promise<void> {
    const text = await this.#text();
    const end = text.lastIndexOf("\n") + 1;
    if (end < text.length) await writeFileAtomic(this.path, text.slice(0, end));
  }

  /** Removes a stage's records past a step: those that a resumed stage writes anew. */
  async truncate(stage: string, step: number): Promise<void> {
    const records = await this.read();
    const kept = records.filter((record) => record.stage !== stage || record.step <= step);
    if (kept.length === records.length) return await this.repair();
    await writeFileAtomic(this.path, kept.map((record) => JSON.stringify(record) + "\n").join(""));
  }

  async #text(): Promise<string> {
    try {
      return await Deno.readTextFile(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }
}

/**
 * The records of lines.
 *
 * @param text Whole lines; what follows the last newline was never finished.
 * @param where The file, for messages.
 * @throws {SyntaxError} If a line can't be read, naming file and line.
 */
export function parseMetrics(text: string, where: string): MetricRecord[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line, i) => parseRecord(line, `${where}, line ${i + 1}`));
}

function parseRecord(line: string, where: string): MetricRecord {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${where}: it is no JSON: ${line.slice(0, 80)}`, { cause });
  }
}
