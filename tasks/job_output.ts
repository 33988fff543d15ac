/**
 * What a command tells its user, as events; who listens decides what becomes of them: text for people, or JSON.
 *
 * @module
 */
import type { Stage } from "../lib/run/run_folder.ts";
import type { StageProgress } from "../lib/stages/stage_context.ts";

/** One thing that is told. With `--json` each is a line, under these names, which stay. */
export type JobEvent =
  | {
    /** The run is open and its first worker is there. */
    readonly event: "opened";
    /** The run's folder. */
    readonly run: string;
    /** TensorFlow's version. */
    readonly tensorflow: string;
    /** e.g. `CPU:0`. */
    readonly device: string;
    /** Of a worker. */
    readonly threads: number;
    readonly workers: number;
    readonly machines: number;
    /** What runs the backbone's blocks. */
    readonly kernels: string;
  }
  | { /** The dashboard's address, with its token. */ readonly event: "dashboard"; readonly url: string }
  | { /** Something worth knowing. */ readonly event: "note"; readonly text: string }
  | { readonly event: "started"; readonly stage: Stage }
  | ({ readonly event: "progress" } & StageProgress)
  | {
    readonly event: "finished";
    readonly stage: Stage;
    /** Of this command, not of those before it. */
    readonly seconds: number;
    /** The stage that the command goes on with; null after its last. */
    readonly then: Stage | null;
  }
  | {
    /** Files or folders, relative to where the command was typed. */ readonly event: "wrote";
    readonly paths: string[];
  }
  | {
    /** What the command was typed for. */
    readonly event: "result";
    /** For people. */
    readonly lines: readonly string[];
    /** The same for programs. */
    readonly values: Readonly<Record<string, unknown>>;
  }
  | { /** What can be typed now. */ readonly event: "next"; readonly commands: readonly string[] }
  | {
    /** A signal has stopped the command. */
    readonly event: "stopped";
    readonly signal: string;
    /** What goes on. */
    readonly command: string;
  }
  | { /** On standard error. */ readonly event: "error"; readonly message: string };

/** Listens. Dispose it at the command's end. */
export interface JobOutput extends Disposable {
  /** Something has happened. */
  tell(event: JobEvent): void;
}

/** Hands on what was asked for and how it ended: results, the dashboard's address, stops and errors. */
export class QuietOutput implements JobOutput {
  readonly #output: JobOutput;

  /** @param output Who is told. */
  constructor(output: JobOutput) {
    this.#output = output;
  }

  tell(event: JobEvent): void {
    if (["result", "dashboard", "stopped", "error"].includes(event.event)) this.#output.tell(event);
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}
