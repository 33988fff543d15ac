/**
 * A worker as a process of its own: started with the permissions it needs and no more, spoken to over its standard
 * input and output, gone when the coordinator is.
 *
 * @module
 */
import * as comlink from "comlink";
import { delimiter } from "node:path";
import { withoutLibraryPath } from "../base/child_environment.ts";
import { type Channel, openChannel } from "./channel.ts";
import { BeatWatch, tickIntervalMs } from "./heartbeat.ts";
import type { WorkerApi } from "./worker_api.ts";
import type { WorkerPlace } from "./worker_place.ts";

/** How a worker is started. */
export interface WorkerOptions {
  /** The script it runs; it serves {@linkcode WorkerApi} on its standard streams. */
  readonly entry: URL;
  /** libtensorflow's absolute path. */
  readonly libraryPath: string;
  /** Folders of CUDA's libraries; empty for a CPU build. */
  readonly libraryFolders: readonly string[];
  /** What runs the backbone's blocks; null: TensorFlow. */
  readonly kernels: { readonly path: string; readonly name: string } | null;
  /** Whether XLA compiles what TensorFlow runs of units. */
  readonly usesXla: boolean;
  readonly device: "cpu" | "gpu";
  readonly threads: number;
  /** Which of the GPUs that this process may see is the worker's, from 0. */
  readonly deviceIndex: number;
  /** The only folder it may write to. */
  readonly runDir: string;
  /** Where indexes of data folders are; null if none are kept. */
  readonly indexDir: string | null;
  /** Its place among workers that train together; null for one that works alone. */
  readonly place: WorkerPlace | null;
}

/** A worker that ended, or an answer that it could not give. */
export class WorkerError extends Error {
  /** @param message What happened, with the end of the worker's standard error where there is one. */
  constructor(message: string) {
    super(message);
    this.name = "WorkerError";
  }
}

/** A worker as its caller sees it: every method answers with a promise. */
export type RemoteWorker = comlink.Remote<WorkerApi>;

/** Someone who answers a worker's calls. */
export interface CallableWorker {
  /**
   * Calls the worker.
   *
   * @param call What to ask, e.g. `(worker) => worker.train(500)`.
   * @throws {WorkerError} If the worker ends before it answers; else what the call threw, by its message.
   */
  call<T>(call: (worker: RemoteWorker) => Promise<T>): Promise<T>;
}

/** A running worker. Disposed, it ends with its input; one that is at work is killed after a moment. */
export interface WorkerProcess extends CallableWorker, AsyncDisposable {
  /** The system's number for it. */
  readonly pid: number;
  /**
   * Ends the worker at once, whatever it does: calls under way and later ones throw.
   *
   * @param reason Why, as in "The worker process was ended as it REASON".
   */
  kill(reason: string): void;
}

/** How long a worker may take to end when its input does. */
const endingMs = 2000;

/** Starts a worker; it is ready when the first call is answered. One that gives no sign of life is ended. */
export function startWorker(options: WorkerOptions): WorkerProcess {
  const [command, ...args] = [...options.place?.prefix ?? [], Deno.execPath(), ...workerArguments(options)];
  const child = new Deno.Command(command, {
    args,
    env: workerEnvironment(options),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const watch = new BeatWatch();
  const errorOutput = collectTail(child.stderr, watch);
  const channel = openChannel(child.stdout, child.stdin);
  const remote = comlink.wrap<WorkerApi>(channel);
  let killedAs = "";
  const kill = (reason: string): void => {
    killedAs ||= reason;
    killIfThere(child);
  };
  const ticking = setInterval(() => {
    if (watch.tick()) kill("gave no sign of life for 5 s");
  }, tickIntervalMs);
  const ended = endOf(child, channel, errorOutput, () => killedAs).finally(() => clearInterval(ticking));
  ended.catch(() => {}); // reported by the call that meets it
  return {
    pid: child.pid,
    kill,
    call: (call) => Promise.race([call(remote), ended]),
    [Symbol.asyncDispose]: () => endGently(child, channel, errorOutput),
  };
}

/** Waits for the worker's end and throws it. One whose messages can't be read is ended: nobody knows what it does. */
async function endOf(
  child: Deno.ChildProcess,
  channel: Channel,
  errorOutput: Promise<string>,
  killedAs: () => string,
): Promise<never> {
  const fault = await channel.closed.then(() => "", (error: Error) => ` (${error.message})`);
  if (fault !== "") killIfThere(child);
  const { code, signal } = await child.status;
  const end = killedAs() === ""
    ? `ended with ${signal ?? `exit code ${code}`}`
    : `was ended as it ${killedAs()}`;
  throw new WorkerError(`The worker process ${end}${fault}${await errorOutput}`);
}

async function endGently(
  child: Deno.ChildProcess,
  channel: Channel,
  errorOutput: Promise<string>,
): Promise<void> {
  const impatience = setTimeout(() => killIfThere(child), endingMs);
  await channel.close(); // the worker ends with its input, unless it is busy
  await child.status;
  clearTimeout(impatience);
  await errorOutput;
}

function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended by itself
  }
}

function workerArguments(options: WorkerOptions): string[] {
  const { entry, libraryPath, device, threads, runDir, indexDir, place, kernels, libraryFolders, usesXla } =
    options;
  return [
    "run",
    "--no-prompt",
    "--allow-ffi", // libtensorflow and the image decoder: full trust, and the reason for a process of its own
    "--allow-read",
    `--allow-write=${runDir}`,
    "--allow-env",
    "--allow-sys=cpus", // latencies are of one processor
    entry.href,
    libraryPath,
    device,
    String(threads),
    indexDir ?? "",
    place === null ? "" : JSON.stringify(place.group),
    kernels === null ? "" : JSON.stringify(kernels),
    usesXla ? "xla" : "",
    device === "cpu" ? "" : [...libraryFolders, ...inheritedFolders()].join(delimiter),
  ];
}

/** A worker opens CUDA's libraries itself: it may not be given `LD_LIBRARY_PATH`. */
function inheritedFolders(): string[] {
  return (Deno.env.get("LD_LIBRARY_PATH") ?? "").split(delimiter).filter((folder) => folder !== "");
}

function workerEnvironment({ device, deviceIndex }: WorkerOptions): Record<string, string> {
  const visible = device === "cpu" ? "" : visibleDevice(Deno.env.get("CUDA_VISIBLE_DEVICES"), deviceIndex);
  return { ...withoutLibraryPath, CUDA_VISIBLE_DEVICES: visible };
}

/**
 * The name of a worker's GPU, as CUDA wants it.
 *
 * @param visible `CUDA_VISIBLE_DEVICES` of this process; undefined or empty stands for all.
 * @param index Which of them.
 * @throws {RangeError} If there are not so many.
 */
export function visibleDevice(visible: string | undefined, index: number): string {
  if (visible === undefined || visible === "") return String(index);
  const name = visible.split(",")[index]?.trim();
  if (name !== undefined && name !== "") return name;
  throw new RangeError(
    `Cannot give worker ${index + 1} a GPU of its own: CUDA_VISIBLE_DEVICES is ${visible}`,
  );
}

const tailBytes = 4096;

/** The end of a stream's text, less the beats, for messages; empty if there was none worth showing. */
async function collectTail(stream: ReadableStream<Uint8Array>, watch: BeatWatch): Promise<string> {
  const decoder = new TextDecoder();
  let tail = "";
  for await (const bytes of stream) {
    tail = (tail + decoder.decode(watch.hear(bytes), { stream: true })).slice(-tailBytes);
  }
  const lines = tail.split("\n").filter((line) => line !== "" && !isRoutine(line));
  return lines.length === 0 ? "" : `; the end of its standard error:\n${lines.join("\n")}`;
}

/** TensorFlow says at every start that its logger is new and which instructions it uses. */
function isRoutine(line: string): boolean {
  return line.includes("absl::InitializeLog") || /^I\d{4} /.test(line);
}
