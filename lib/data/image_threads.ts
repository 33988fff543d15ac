/**
 * Threads that make images ready for batches while the main thread is in a training step. Each has its own share of
 * the images, and so keeps those that it will be asked for again.
 *
 * @module
 */
import type { PlacedImage } from "./canvas.ts";
import type { JpegDecoder } from "./decode.ts";
import { type ImageJob, ImageMaker, type ImageResult } from "./image_maker.ts";
import type { RgbImage } from "./sample.ts";

/** Does jobs on other threads. */
export interface ImageThreads extends Disposable {
  /**
   * Does a job on an image in a file on one of them; those of one thread are done in the order of the calls.
   *
   * @param slot Any whole number; equal ones mean the same thread.
   * @throws {Deno.errors.NotFound} If the file is missing; it is named, as by all of these.
   * @throws {RangeError} If the image is over the pixel limit.
   * @throws {SyntaxError} If the file is empty, not an image, or does not decode to its end.
   */
  make<Job extends ImageJob>(slot: number, job: Job): Promise<ImageResult<Job>>;
}

/** What a thread is sent. */
type Request =
  | { readonly kind: "open"; readonly cacheBytes: number; readonly argument: string }
  | { readonly kind: "make"; readonly call: number; readonly job: ImageJob };

/** What it answers. */
type Reply =
  | { readonly call: number; readonly result: RgbImage | PlacedImage }
  | { readonly call: number; readonly error: { readonly name: string; readonly message: string } };

/** How threads are started. */
export interface ImageThreadOptions {
  /** A module that calls {@linkcode serveImages}. */
  readonly entry: URL;
  /** What that module is told. */
  readonly argument: string;
  /** How many. */
  readonly count: number;
  /** Most memory for images read, of all threads together. */
  readonly cacheBytes: number;
}

/** Opens threads; each is started by its first job. */
export function openImageThreads(options: ImageThreadOptions): ImageThreads {
  const threads = new Map<number, ImageThread>();
  const threadOf = (place: number): ImageThread => {
    const thread = threads.get(place) ?? new ImageThread(options);
    threads.set(place, thread);
    return thread;
  };
  return {
    make: (slot, job) => threadOf(slot % options.count).make(job),
    [Symbol.dispose](): void {
      for (const thread of threads.values()) thread[Symbol.dispose]();
      threads.clear();
    },
  };
}

class ImageThread implements Disposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<RgbImage | PlacedImage>>();
  #calls = 0;

  constructor({ entry, argument, count, cacheBytes }: ImageThreadOptions) {
    this.#worker = new Worker(entry, { type: "module", name: "images" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#hear(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#end(new Error(`Cannot load images: a thread has ended: ${event.message}`));
    });
    this.#send({ kind: "open", cacheBytes: Math.floor(cacheBytes / count), argument });
  }

  make<Job extends ImageJob>(job: Job): Promise<ImageResult<Job>> {
    const waiting = Promise.withResolvers<RgbImage | PlacedImage>();
    const call = this.#calls++;
    this.#waiting.set(call, waiting);
    this.#send({ kind: "make", call, job });
    return waiting.promise as Promise<ImageResult<Job>>;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#end(new Error("Cannot load images: the threads have been disposed"));
  }

  #send(request: Request): void {
    this.#worker.postMessage(request);
  }

  #hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply.call);
    this.#waiting.delete(reply.call);
    if ("result" in reply) waiting?.resolve(reply.result);
    else waiting?.reject(errorOf(reply.error));
  }

  #end(reason: Error): void {
    for (const { promise, reject } of this.#waiting.values()) {
      promise.catch(() => {}); // reported to who waits for it, if anyone does
      reject(reason);
    }
    this.#waiting.clear();
  }
}

/** Errors of these classes are told apart by who catches them; cloning keeps an error's name, but not Deno's classes. */
const errorClasses: Readonly<Record<string, new (message: string) => Error>> = {
  RangeError,
  SyntaxError,
  NotFound: Deno.errors.NotFound,
};

function errorOf({ name, message }: { readonly name: string; readonly message: string }): Error {
  return new (errorClasses[name] ?? Error)(message);
}

/** The part of a thread's global scope that it talks through. */
export interface ThreadScope {
  /** Sends, and gives away what is transferred. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Hears what is sent. */
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/**
 * What a thread does: one job after the other, in the order they come.
 *
 * @param scope The thread's `globalThis`.
 * @param openDecoder Opens a JPEG decoder, told the argument of {@linkcode ImageThreadOptions}; null is sharp's alone.
 */
export function serveImages(scope: ThreadScope, openDecoder: (argument: string) => JpegDecoder | null): void {
  let maker: ImageMaker | null = null;
  let last: Promise<void> = Promise.resolve();
  scope.addEventListener("message", ({ data }: MessageEvent<Request>) => {
    if (data.kind === "open") {
      maker = new ImageMaker(data.cacheBytes, openDecoder(data.argument) ?? undefined);
    } else {
      const { call, job } = data;
      last = last.then(() => answer(scope, maker!, call, job));
    }
  });
}

async function answer(scope: ThreadScope, maker: ImageMaker, call: number, job: ImageJob): Promise<void> {
  try {
    const result = await maker.make(job);
    const { data } = "image" in result ? result.image : result;
    const transfer = data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
    scope.postMessage({ call, result } satisfies Reply, transfer);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    scope.postMessage({ call, error: { name, message } } satisfies Reply, []);
  }
}
