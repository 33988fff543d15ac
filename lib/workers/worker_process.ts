/**
 * A worker as a process of its own: started with the permissions it needs and no more, spoken to over its standard
 * input and output, gone when the coordinator is.
 *
 * @module
 */
import * as comlink from "comlink";
import { type Channel, openChannel } from "./channel.ts";
import type { WorkerApi } from "./worker_api.ts";

/** How a worker is started. */
export interface WorkerOptions {
  /** The script it runs; it serves {@linkcode WorkerApi} on its standard streams. */
  readonly entry: URL;
  /** libtensorflow's absolute path. */
  readonly libraryPath: string;
  /** CUDA's libraries; empty for a CPU build. */
  readonly libraryFolders: readonly string[];
  readonly device: "cpu" | "gpu";
  readonly threads: number;
  /** The only folder it may write to. */
  readonly runDir: string;
  /** Where indexes of data folders are; null if none are kept. */
  readonly indexDir: string | null;
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

/** A running worker. */
export interface WorkerProcess extends AsyncDisposable {
  /**
   * Calls the worker.
   *
   * @param call What to ask, e.g. `(worker) => worker.train(500)`.
   * @throws {WorkerError} If the worker ends before it answers; else what the call threw, by its message.
   */
  call<T>(call: (worker: RemoteWorker) => Promise<T>): Promise<T>;
}

/** Starts a worker; it is ready when the first call is answered. */
export function startWorker(options: WorkerOptions): WorkerProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args: workerArguments(options),
    env: workerEnvironment(options),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errorOutput = collectTail(child.stderr);
  const channel = openChannel(child.stdout, child.stdin);
  const remote = comlink.wrap<WorkerApi>(channel);
  const ended = endOf(child, channel, errorOutput);
  ended.catch(() => {}); // reported by the call that meets it
  return {
    call: (call) => Promise.race([call(remote), ended]),
    async [Symbol.asyncDispose](): Promise<void> {
      await channel.close(); // the worker ends with its input
      await child.status;
      await errorOutput;
    },
  };
}

/** Waits for the worker's end and throws it. One whose messages can't be read is ended: nobody knows what it does. */
async function endOf(
  child: Deno.ChildProcess,
  channel: Channel,
  errorOutput: Promise<string>,
): Promise<never> {
  const fault = await channel.closed.then(() => "", (error: Error) => ` (${error.message})`);
  if (fault !== "") killIfThere(child);
  const { code, signal } = await child.status;
  const end = signal ?? `exit code ${code}`;
  throw new WorkerError(`The worker process ended with ${end}${fault}${await errorOutput}`);
}

function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended by itself
  }
}

function workerArguments({ entry, libraryPath, device, threads, runDir, indexDir }: WorkerOptions): string[] {
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
  ];
}

function workerEnvironment({ device, libraryFolders }: WorkerOptions): Record<string, string> {
  if (device === "cpu") return { CUDA_VISIBLE_DEVICES: "" };
  const inherited = Deno.env.get("LD_LIBRARY_PATH");
  const folders = [...libraryFolders, ...(inherited ? [inherited] : [])];
  return folders.length === 0 ? {} : { LD_LIBRARY_PATH: folders.join(":") };
}

const tailBytes = 4096;

/** The end of a stream's text, for messages; empty if there was none worth showing. */
async function collectTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    tail = (tail + text).slice(-tailBytes);
  }
  const lines = tail.split("\n").filter((line) => line !== "" && !isRoutine(line));
  return lines.length === 0 ? "" : `; the end of its standard error:\n${lines.join("\n")}`;
}

/** TensorFlow says at every start that its logger is new and which instructions it uses. */
function isRoutine(line: string): boolean {
  return line.includes("absl::InitializeLog") || /^I\d{4} /.test(line);
}
