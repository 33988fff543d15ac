/**
 * What a command shows people: sentences, and one line of progress for each piece of work.
 *
 * @module
 */
import type { JobEvent, JobOutput } from "./job_output.ts";
import { durationText, ProgressLine, type ProgressOutput, standardOutput } from "./progress.ts";

/** Writes events as text. */
export class TextOutput implements JobOutput {
  readonly #output: ProgressOutput;
  readonly #printError: (text: string) => void;
  #label = "";
  #line: ProgressLine | null = null;

  /**
   * @param output Where it is shown.
   * @param printError Takes a line for standard error.
   */
  constructor(output: ProgressOutput = standardOutput(), printError: (text: string) => void = console.error) {
    this.#output = output;
    this.#printError = printError;
  }

  tell(event: JobEvent): void {
    if (event.event === "progress") return this.#progress(event);
    if (event.event === "error") {
      this[Symbol.dispose]();
      return this.#printError(`error: ${event.message}`);
    }
    for (const line of eventLines(event)) this.#say(line);
  }

  /** Ends the line of progress, if there is one. */
  [Symbol.dispose](): void {
    this.#line?.[Symbol.dispose]();
    this.#line = null;
  }

  #progress({ label, unit, ...update }: JobEvent & { event: "progress" }): void {
    if (this.#line === null || label !== this.#label) {
      this[Symbol.dispose]();
      this.#label = label;
      this.#line = new ProgressLine(label, unit, this.#output);
    }
    this.#line.update(update);
    if (update.done >= update.total) this[Symbol.dispose]();
  }

  #say(line: string): void {
    if (this.#line === null) this.#output.write(`${line}\n`);
    else this.#line.say(line);
  }
}

/** An event in words; progress and errors are shown otherwise. */
function eventLines(event: Exclude<JobEvent, { event: "progress" | "error" }>): readonly string[] {
  switch (event.event) {
    case "opened":
      return [openedText(event)];
    case "dashboard":
      return [`dashboard: ${event.url}`];
    case "note":
      return [event.text];
    case "started":
      return []; // its progress says so
    case "finished": {
      const then = event.then === null ? "" : `; ${event.then} comes next`;
      return [`${event.stage}: finished after ${durationText(1000 * event.seconds)}${then}`];
    }
    case "wrote":
      return [`wrote ${event.paths.join(" and ")}`];
    case "result":
      return event.lines;
    case "next":
      return [`next: ${event.commands.join("; ")}`];
    case "stopped":
      return [`stopped by ${event.signal}; go on with: ${event.command}`];
    default:
      return event satisfies never;
  }
}

function openedText(opened: JobEvent & { event: "opened" }): string {
  const { run, tensorflow, device, threads, workers, machines, kernels } = opened;
  const each = workers === 1 ? "" : `, ${workers} workers`;
  const all = machines === 1 ? "" : `, ${machines} machines`;
  return `TensorFlow ${tensorflow} on ${device}, ${threads} threads${each}${all}, blocks by ${kernels}; run ${run}`;
}
