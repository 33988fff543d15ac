/**
 * The network in which the workers of one machine train together: one of their own, or this machine's where the user
 * allows that.
 *
 * @module
 */
import { openPrivateNetwork } from "./private_network.ts";
import type { WorkerPlace } from "./worker_place.ts";

/** The first port in a private network, where nobody else has any. */
const firstPrivatePort = 20_000;
/** The first port to try in this machine's network. */
const firstOpenPort = 29_500;

/** What a network is made of. */
export interface GroupNetworkOptions {
  readonly workers: number;
  /** Whether the workers may listen where others can reach them. */
  readonly openPorts: boolean;
  /** Told what has been opened, a sentence. */
  readonly say: (sentence: string) => void;
}

interface Opened {
  readonly prefix: readonly string[];
  readonly firstPort: number;
}

/** Opened when the first worker needs it. Disposed after its workers have ended, it is gone. */
export class GroupNetwork implements AsyncDisposable {
  readonly #options: GroupNetworkOptions;
  readonly #resources = new AsyncDisposableStack();
  #opened: Promise<Opened> | null = null;

  /** Nothing is opened yet. */
  constructor(options: GroupNetworkOptions) {
    this.#options = options;
  }

  /**
   * Where a worker is to run; the same each time, so that a worker that is started again finds the others.
   *
   * @throws {Error} If there is no private network and the user has not allowed an open one; says what to do.
   */
  async place(rank: number): Promise<WorkerPlace> {
    if (this.#resources.disposed) throw new TypeError("Cannot place a worker as its network is gone");
    this.#opened ??= this.#options.openPorts ? this.#openPorts() : this.#openPrivate();
    const { prefix, firstPort } = await this.#opened;
    const addresses = this.#ports(firstPort).map((port) => `127.0.0.1:${port}`);
    return { group: { rank, addresses }, prefix };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  #ports(first: number): number[] {
    return Array.from({ length: this.#options.workers }, (_, rank) => first + rank);
  }

  async #openPrivate(): Promise<Opened> {
    const { workers } = this.#options;
    try {
      const { prefix } = this.#resources.use(await openPrivateNetwork());
      return { prefix, firstPort: firstPrivatePort };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `Cannot let ${workers} workers train together without opening ports. ${reason}. --open-ports lets them listen on ` +
          `${workers} TCP ports from ${firstOpenPort} on, on every interface and for anyone who connects; ` +
          `--workers 1 opens none`,
        { cause },
      );
    }
  }

  async #openPorts(): Promise<Opened> {
    const taken = await takenPorts();
    let firstPort = firstOpenPort;
    while (this.#ports(firstPort).some((port) => taken.has(port))) firstPort++;
    this.#options.say(
      `workers listen on TCP ports ${
        this.#ports(firstPort).join(", ")
      } of every interface, for anyone who connects`,
    );
    return { prefix: [], firstPort };
  }
}

/** Ports on which somebody listens or talks; none where the system has no such list. */
async function takenPorts(): Promise<Set<number>> {
  const lists = await Promise.all(["tcp", "tcp6"].map((name) => textOf(`/proc/net/${name}`)));
  const ports = lists.join("\n").matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4})\b/gm);
  return new Set(Array.from(ports, ([, port]) => parseInt(port, 16)));
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return "";
    throw error;
  }
}
