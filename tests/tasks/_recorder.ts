/**
 * A terminal, or none, that keeps what is written on it.
 *
 * @module
 */
import type { ProgressOutput } from "../../tasks/progress.ts";

/** An output with a clock, a width and colours that are set by hand. */
export interface RecordedOutput extends ProgressOutput {
  hasColours: boolean;
  columns: number;
  /** What was written. */
  text: string;
  /** The clock, in milliseconds. */
  now: number;
}

/** An output without colours, at time 0. */
export function recorder(isTerminal: boolean, columns = 80): RecordedOutput {
  return {
    isTerminal,
    hasColours: false,
    columns,
    text: "",
    now: 0,
    write(text: string): void {
      this.text += text;
    },
    nowMs(): number {
      return this.now;
    },
  };
}
