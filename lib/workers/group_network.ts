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

/** What a network is made of. */
export interface GroupNetworkOptions {
  readonly workers: number;
  /** Whether the workers may listen where others can reach them. */
  readonly openPorts: boolean;
  /** Finds as many TCP ports of this machine that nobody has. */
  readonly freePorts: (count: number) => Promise<number[]>;
  /** Told what has been opened, a sentence. */
  readonly say: (sentence: string) => void;
}

interface Opened {
  readonly prefix: readonly string[];
  readonly ports: readonly number[];
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
    const { prefix, ports } = await this.#opened;
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    return { group: { rank, addresses }, prefix };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #openPrivate(): Promise<Opened> {
    const { workers } = this.#options;
    try {
      const { prefix } = this.#resources.use(await openPrivateNetwork());
      return { prefix, ports: Array.from({ length: workers }, (_, rank) => firstPrivatePort + rank) };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `Cannot let ${workers} workers train together without opening ports. ${reason}. --open-ports lets them listen on ` +
          `${workers} TCP ports, on every interface and for anyone who connects; --workers 1 opens none`,
        { cause },
      );
    }
  }

  async #openPorts(): Promise<Opened> {
    const ports = await this.#options.freePorts(this.#options.workers);
    this.#options.say(
      `workers listen on TCP ports ${ports.join(", ")} of every interface, for anyone who connects`,
    );
    return { prefix: [], ports };
  }
}
