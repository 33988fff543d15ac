/**
 * A worker for tests: serves a few calls, none of them a worker's real ones, each ending in a way of its own. It
 * never loads the engine.
 *
 * @module
 */
import * as comlink from "comlink";
import { openChannel } from "../../lib/workers/channel.ts";
import { startHeartbeat } from "../../lib/workers/heartbeat.ts";

await startHeartbeat();
console.log = console.error;

const calls = {
  /** An answer: what it was started with. */
  device: (): Promise<unknown> =>
    Promise.resolve({ tensorflow: "none", deviceName: Deno.args[1], threads: Number(Deno.args[2]) }),
  /** An error. */
  validate: (): Promise<number> => Promise.reject(new RangeError("Cannot validate: images are blue")),
  /** An answer that is longer than a pipe's buffer. */
  pictures: (_task: unknown, _choices: unknown, [bytes]: readonly number[]): Promise<unknown> =>
    Promise.resolve([{ bytes: new Uint8Array(bytes).fill(5) }]),
  /** A crash, with something said before. */
  train: (): never => {
    console.error("x".repeat(9000));
    console.error("F0000 the last words");
    Deno.exit(7);
  },
  /** A power cut. */
  score: (): void => Deno.kill(Deno.pid, "SIGKILL"),
  /** A power cut inside a message. */
  closeScoring: (): void => {
    Deno.stdout.writeSync(Uint8Array.of(100, 0, 0, 0, 1, 2, 3));
    Deno.kill(Deno.pid, "SIGKILL");
  },
  /** A library that prints where messages go. */
  closeTraining: (): Promise<void> => {
    Deno.stdout.writeSync(new TextEncoder().encode("hello from a library\n"));
    return new Promise(() => {});
  },
  /** Native code that keeps the event loop waiting. */
  gateGradients: (_choices: unknown, seconds: number): Promise<number[]> => {
    const library = Deno.build.os === "darwin" ? "libSystem.dylib" : "libc.so.6";
    const libc = Deno.dlopen(library, { sleep: { parameters: ["u32"], result: "u32" } });
    return Promise.resolve([libc.symbols.sleep(seconds)]);
  },
  /** Writing to a file. */
  checkImages: ([name]: string[]): Promise<void> => Deno.writeTextFile(name, "x"),
};
const channel = openChannel(Deno.stdin.readable, Deno.stdout.writable);
comlink.expose(calls, channel);
await channel.closed;
Deno.exit(0);
