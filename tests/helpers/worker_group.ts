/**
 * Several workers as processes of their own, in a network where nothing else can reach them (if this machine has none
 * for its users, on loopback ports drawn at random).
 *
 * @module
 */
import { openPrivateNetwork } from "../../lib/workers/private_network.ts";

/** How one worker ended. */
export interface WorkerEnd {
  /** Exit code; 137 for one that was killed. */
  readonly code: number;
  /** stdout and stderr together. */
  readonly log: string;
}

/** Where a worker runs. */
export interface Place {
  /** Goes before the command. */
  readonly prefix: readonly string[];
  /** `host:port` that it listens on. */
  readonly address: string;
}

/** What the workers of a test are. */
export interface GroupRun {
  /** The program; its arguments are its rank, `host:port` of all workers joined by commas, and then these. */
  readonly program: URL;
  readonly args: readonly string[];
  /** Deno's own arguments besides permissions; default none. */
  readonly flags?: readonly string[];
  /** How many. */
  readonly workers: number;
  /** Workers that are not waited for, but killed once the others have ended. */
  readonly lost?: readonly number[];
  /** Everything is killed after so long. */
  readonly timeoutMs: number;
}

const permissions = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-ffi",
  "--allow-sys",
  "--allow-run",
];

/** Runs the workers to their end, in a network of their own. */
export async function runGroup(run: GroupRun): Promise<WorkerEnd[]> {
  const network = await openPrivateNetwork().catch(() => null);
  const firstPort = network === null ? 20_000 + Math.floor(Math.random() * 10_000) : 20_000;
  const places = Array.from({ length: run.workers }, (_, rank) => ({
    prefix: network?.prefix ?? [],
    address: `127.0.0.1:${firstPort + rank}`,
  }));
  try {
    return await runGroupAt(places, run);
  } finally {
    await network?.[Symbol.asyncDispose]();
  }
}

/** Runs the workers to their end, each in its place. */
export async function runGroupAt(places: readonly Place[], run: GroupRun): Promise<WorkerEnd[]> {
  const addresses = places.map(({ address }) => address).join();
  const children = places.map(({ prefix }, rank) => {
    const flags = ["--no-prompt", ...permissions, ...run.flags ?? []];
    const program = [Deno.execPath(), "run", ...flags, run.program.href];
    const [command, ...args] = [...prefix, ...program, String(rank), addresses, ...run.args];
    return new Deno.Command(command, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  });
  return await ends(children, run);
}

async function ends(children: readonly Deno.ChildProcess[], run: GroupRun): Promise<WorkerEnd[]> {
  const outputs = children.map(async (child) => {
    const { code, stdout, stderr } = await child.output();
    return { code, log: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  });
  const timeout = setTimeout(() => children.forEach(kill), run.timeoutMs);
  await Promise.all(outputs.filter((_, rank) => !run.lost?.includes(rank)));
  run.lost?.forEach((rank) => kill(children[rank]));
  const all = await Promise.all(outputs);
  clearTimeout(timeout);
  return all;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended by itself
  }
}
