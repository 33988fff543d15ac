/**
 * This project's side of `bench:peers`, as `peer.ts` says: its flags are those of `runner.ts`, and `--roofline` to measure
 * the machine, which takes more memory than a small workload.
 *
 * @module
 */
import process from "node:process";
import { prepareCall, type PreparedCall } from "../calls.ts";
import { measureRoofline } from "../roofline.ts";
import { type BenchRunner, parseRunnerOptions, startRunner } from "../runner.ts";
import type { Workload } from "../workloads.ts";
import type { Greeting, PeerReply, PeerRequest } from "./peer.ts";
import { TextLineStream } from "./text_lines.ts";

/** The first call compiles; the next ones let JavaScript's own compiler settle, unless they take long. */
const warmUpCalls = 3;
const warmUpMs = 3000;

/** Holds the workload at hand. */
class OurSide {
  readonly #bench: BenchRunner;
  #workload = "";
  #prepared: PreparedCall | null = null;

  constructor(bench: BenchRunner) {
    this.#bench = bench;
  }

  measure({ workload, calls, leadIn }: PeerRequest): PeerReply {
    const prepared = this.#of(workload);
    for (let i = 0; i < leadIn; i++) prepared.call();
    const startMs = performance.now();
    for (let i = 0; i < calls; i++) prepared.call();
    const msPerCall = (performance.now() - startMs) / Math.max(1, calls);
    const peakRssBytes = process.resourceUsage().maxRSS * 1024; // kilobytes on Linux and macOS
    return { msPerCall, peakRssBytes };
  }

  #of(workload: Workload): PreparedCall {
    if (this.#prepared !== null && this.#workload === workload.name) return this.#prepared;
    this.#prepared?.[Symbol.dispose]();
    this.#prepared = prepareCall(this.#bench, workload);
    this.#workload = workload.name;
    const startMs = performance.now();
    this.#prepared.call();
    for (let i = 1; i < warmUpCalls && performance.now() - startMs < warmUpMs; i++) this.#prepared.call();
    return this.#prepared;
  }
}

function replyTo(side: OurSide, line: string): PeerReply | { error: string } {
  try {
    return side.measure(JSON.parse(line) as PeerRequest);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const bench = await startRunner(parseRunnerOptions(Deno.args));
const greeting: Greeting = {
  version: "DetNAS",
  device: bench.description,
  ...(Deno.args.includes("--roofline") && { roofline: measureRoofline() }),
};
console.log(JSON.stringify(greeting));
const side = new OurSide(bench);
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
for await (const line of lines) console.log(JSON.stringify(replyTo(side, line)));
