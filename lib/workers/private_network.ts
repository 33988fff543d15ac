/**
 * A network for a group of workers on one machine. TensorFlow's collectives listen on every interface and trust whoever
 * connects; in a network namespace of their own there is nobody else. Linux only; needs `unshare`, `nsenter` and `ip`, and
 * a kernel that lets users have namespaces.
 *
 * @module
 */
import { withoutLibraryPath } from "../base/child_environment.ts";

/** A network that nothing outside reaches, and that reaches nothing: only its loopback. Disposed, its processes keep it. */
export interface PrivateNetwork extends AsyncDisposable {
  /** What to put before a command, so that it runs in there; it stays the same process. */
  readonly prefix: readonly string[];
}

/** Holds the network as long as its input is open, so that it goes with whoever started it, however that ends. */
const holding = "ip link set lo up && echo is up && exec cat";

/**
 * Opens a network. It needs `--allow-run=unshare,nsenter`.
 *
 * @throws {Error} If this machine or user has none; says why.
 */
export async function openPrivateNetwork(): Promise<PrivateNetwork> {
  const holder = startHolder();
  if (await firstWords(holder.stdout) !== "is up") throw refused(await complaint(holder));
  await holder.stderr.cancel();
  const prefix = [
    "nsenter",
    `--target=${holder.pid}`,
    "--user",
    "--net",
    "--preserve-credentials",
    "--",
  ];
  return { prefix, [Symbol.asyncDispose]: () => end(holder) };
}

/** A user's own namespace comes with the right to open a network in it. */
function startHolder(): Deno.ChildProcess {
  try {
    return new Deno.Command("unshare", {
      args: ["--map-root-user", "--net", "sh", "-c", holding],
      env: withoutLibraryPath,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) throw refused("unshare is not installed", cause);
    throw cause;
  }
}

async function firstWords(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const reader = output.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return value.trim();
}

async function complaint(holder: Deno.ChildProcess): Promise<string> {
  const [text] = await Promise.all([new Response(holder.stderr).text(), end(holder)]);
  return text.trim();
}

async function end(holder: Deno.ChildProcess): Promise<void> {
  await holder.stdin.close().catch(() => {}); // it may have ended by itself
  await holder.status;
}

function refused(reason: string, cause?: Error): Error {
  return new Error(`Cannot open a private network: ${reason}`, { cause });
}
