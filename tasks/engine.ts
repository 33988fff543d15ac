/**
 * `deno task engine`: finds libtensorflow, fetches it if there is none, and prints where it is.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { ensureLibrary, type FetchProgress } from "../lib/engine/library.ts";

const HELP = `Usage: deno task engine [--device cpu|gpu]

Finds libtensorflow, or fetches it with your Python's pip, and prints its path.

  DETNAS_LIBTENSORFLOW  path of the library to use
  DETNAS_CACHE          folder for fetched libraries`;

/** How much is downloaded between two plain lines. */
const PLAIN_LINE_BYTES = 50e6;

/** Runs the task; returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const unknown: string[] = [];
  const flags = parseArgs(args, {
    boolean: ["help"],
    string: ["device"],
    default: { device: "cpu" },
    unknown: (argument) => void unknown.push(argument),
  });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  if (unknown.length > 0) {
    console.error(`Unknown argument ${unknown[0]}\n\n${HELP}`);
    return 1;
  }
  if (flags.device !== "cpu" && flags.device !== "gpu") {
    console.error(`Unknown device ${flags.device}, wanted cpu or gpu`);
    return 1;
  }
  return await ensure(flags.device);
}

async function ensure(device: "cpu" | "gpu"): Promise<number> {
  const line = progressLine();
  try {
    const library = await ensureLibrary({ device, onProgress: line.show });
    line.end();
    console.log(library.path);
    return 0;
  } catch (error) {
    line.end();
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/**
 * A progress line for {@linkcode ensureLibrary} on standard error: rewritten in place on a terminal, elsewhere a
 * plain line at each new phase. Ctrl-C takes it away before it ends the process.
 */
export function progressLine(): { show(progress: FetchProgress): void; end(): void } {
  const terminal = Deno.stderr.isTerminal();
  let last = "";
  const clear = (): void => void Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
  const interrupted = (): void => {
    clear();
    Deno.exit(130);
  };
  return {
    show(progress: FetchProgress): void {
      if (terminal && last === "") Deno.addSignalListener("SIGINT", interrupted);
      const line = `${progress.phase} ${progress.item}`;
      const step = `${line} ${Math.floor(progress.bytes / PLAIN_LINE_BYTES)}`;
      if (terminal) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${line}${amount(progress)}`));
      else if (step !== last) console.error(line + amount(progress));
      last = step;
    },
    end(): void {
      if (!terminal || last === "") return;
      clear();
      Deno.removeSignalListener("SIGINT", interrupted);
    },
  };
}

function amount(progress: FetchProgress): string {
  if (progress.phase !== "downloading") return "";
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  const total = progress.totalBytes === null ? "" : ` of ${megabytes(progress.totalBytes)}`;
  return ` ${megabytes(progress.bytes)}${total} MB`;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
