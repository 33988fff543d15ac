/**
 * One side of a comparison: a process that lives as long as the comparison and times what it is asked for. A request
 * and its reply are one line of JSON each. The sides take turns, so that whatever else the machine does hits both.
 *
 * @module
 */
import type { Roofline } from "../roofline.ts";
import { TextLineStream } from "./text_lines.ts";
import type { Workload } from "../workloads.ts";

/** What a peer says first. */
export interface Greeting {
  /** e.g. `PyTorch 2.15.0`. */
  readonly version: string;
  /** e.g. `2 threads`. */
  readonly device: string;
  /** What the machine can do at best, where ours was asked to measure it. */
  readonly roofline?: Roofline;
}

/** One measurement. */
export interface PeerRequest {
  readonly workload: Workload;
  /** How the peer is to run it: one of its own modes. */
  readonly mode: string;
  /** Calls that are timed; 0 only prepares (builds, compiles, warms up). */
  readonly calls: number;
  /** Calls before them that are not: the other side has had the caches and its threads may still spin. */
  readonly leadIn: number;
}

/** What came out. */
export interface PeerReply {
  /** Mean over the calls. */
  readonly msPerCall: number;
  /** Of the process so far. */
  readonly peakRssBytes: number;
}

/** A peer at work. */
export class Peer implements AsyncDisposable {
  readonly greeting: Greeting;
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #replies: ReadableStreamDefaultReader<string>;

  private constructor(
    name: string,
    process: Deno.ChildProcess,
    replies: ReadableStreamDefaultReader<string>,
    greeting: Greeting,
  ) {
    this.greeting = greeting;
    this.#name = name;
    this.#process = process;
    this.#requests = process.stdin.getWriter();
    this.#replies = replies;
  }

  /**
   * Starts a peer; what it writes to standard error goes to ours.
   *
   * @param name For messages.
   * @throws {Error} If the process ends before it has greeted.
   */
  static async start(name: string, command: string, args: readonly string[]): Promise<Peer> {
    const options = {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    } satisfies Deno.CommandOptions;
    const process = new Deno.Command(command, options).spawn();
    const replies = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
    const greeting = parsed<Greeting>(name, await replies.read());
    return new Peer(name, process, replies, greeting);
  }

  /**
   * Asks for one measurement and waits for it.
   *
   * @throws {Error} If the peer could not make it, or has ended.
   */
  async measure(request: PeerRequest): Promise<PeerReply> {
    await this.#requests.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    const reply = parsed<PeerReply | { error: string }>(this.#name, await this.#replies.read());
    if (!("error" in reply)) return reply;
    throw new Error(`Cannot time ${request.workload.name} on ${this.#name}, ${request.mode}: ${reply.error}`);
  }

  /** Ends the process and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close().catch(() => {}); // it may have ended by itself
    await this.#replies.cancel();
    await this.#process.status;
  }
}

function parsed<T>(name: string, { value, done }: ReadableStreamReadResult<string>): T {
  if (done) throw new Error(`Cannot go on with ${name}: its process has ended; its messages are above`);
  return JSON.parse(value) as T;
}
