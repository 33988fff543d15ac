/**
 * Keeps every open page up to date: one look at the run for all of them, none while no page is open.
 *
 * @module
 */
import { PartRenderer } from "./parts.ts";
import type { RunReader, RunView } from "./run_reader.ts";

/** A wait that ends early when the signal aborts. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** Whether and how the run of a page is worked on. */
export interface LiveOptions {
  /** Reads the run. */
  readonly reader: Pick<RunReader, "read">;
  /** Whether this process works on the run; otherwise the age of its files tells whether any does. */
  readonly isOwnRun: boolean;
  /** Time; passed in so that tests need not wait. */
  readonly wait: Wait;
  /** The clock, ms since 1970. */
  readonly nowMs: () => number;
}

/** The least time between two looks. */
const leastMs = 1000;
/** Looking and drawing takes at most this share of the time, as it may be a training machine's. */
const restFactor = 19;
/** A run of another process whose files have not changed for so long counts as not being worked on. */
const silentMs = 120_000;
/** More pages than this at once are refused. */
const mostPages = 16;
/** A page that has not taken so many events has gone. */
const mostWaiting = 200;

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** Sends Server-Sent Events to the open pages. */
export class LivePage {
  readonly #options: LiveOptions;
  readonly #renderer = new PartRenderer();
  readonly #pages = new Set<Controller>();
  readonly #closing = new AbortController();
  #looking: Promise<void> | null = null;
  #problem = "";
  #lastLook: Uint8Array | null = null;

  /** Nothing is read before the first page opens. */
  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Whether no further page can be opened. */
  get isFull(): boolean {
    return this.#pages.size >= mostPages;
  }

  /**
   * Opens a page's stream: all parts as they are, then what changes, and `end` when the dashboard closes.
   *
   * @returns The body of a `text/event-stream`; cancelling it closes the page.
   */
  open(): ReadableStream<Uint8Array> {
    let page: Controller;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        page = controller;
        controller.enqueue(encode("retry: 2000\n\n"));
        for (const part of this.#renderer.all()) controller.enqueue(event("part", part));
        if (this.#lastLook !== null) controller.enqueue(this.#lastLook);
        if (this.#problem !== "") controller.enqueue(event("problem", { message: this.#problem }));
        this.#pages.add(controller);
        this.#looking ??= this.#look();
      },
      cancel: () => void this.#pages.delete(page),
    }, { highWaterMark: mostWaiting });
  }

  /** Looks a last time, tells every page that it has ended, and closes them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
    if (this.#pages.size > 0) await this.#update(false);
    this.#send(event("end", {}));
    for (const page of this.#pages) page.close();
    this.#pages.clear();
  }

  async #look(): Promise<void> {
    const { wait, nowMs } = this.#options;
    const { signal } = this.#closing;
    while (this.#pages.size > 0 && !signal.aborted) {
      const startMs = nowMs();
      await this.#update(true);
      await wait(Math.max(leastMs, restFactor * (nowMs() - startMs)), signal);
    }
    this.#looking = null;
  }

  /** What goes wrong is the pages' affair: it must not touch the command. */
  async #update(isOpen: boolean): Promise<void> {
    try {
      const view = await this.#options.reader.read();
      const isRunning = isOpen && this.#isRunning(view);
      for (const part of this.#renderer.render(view, isRunning)) this.#send(event("part", part));
      this.#lastLook = event("look", { isRunning, changedAtMs: view.changedAtMs });
      this.#send(this.#lastLook);
      this.#tellProblem("");
    } catch (error) {
      this.#tellProblem(error instanceof Error ? error.message : String(error));
    }
  }

  #isRunning({ changedAtMs }: RunView): boolean {
    if (this.#options.isOwnRun) return true;
    return changedAtMs !== null && this.#options.nowMs() - changedAtMs < silentMs;
  }

  #tellProblem(message: string): void {
    if (message === this.#problem) return;
    this.#problem = message;
    this.#send(event("problem", { message }));
  }

  #send(bytes: Uint8Array): void {
    for (const page of this.#pages) {
      if ((page.desiredSize ?? 0) > 0) page.enqueue(bytes);
      else this.#drop(page);
    }
  }

  /** It comes back by itself if there still is a reader. */
  #drop(page: Controller): void {
    this.#pages.delete(page);
    page.error(new Error("the page does not read"));
  }
}

/** Text of an event; JSON has no line breaks of its own. */
function event(name: string, data: unknown): Uint8Array {
  return encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
