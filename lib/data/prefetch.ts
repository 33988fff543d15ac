/**
 * Starts work ahead of its use: batches are decoded on sharp's threads while a training step holds the
 * JavaScript thread.
 *
 * @module
 */

/** Results of `make(0)`, `make(1)`, …, started a few ahead of the one asked for. */
export class Prefetch<T> {
  readonly #make: (index: number) => Promise<T>;
  readonly #depth: number;
  readonly #end: number;
  readonly #started = new Map<number, Promise<T>>();

  /**
   * Starts nothing yet.
   *
   * @param make Makes one result; must not depend on the order of calls.
   * @param depth How many to start ahead; 0 makes each when asked.
   * @param end One past the last index.
   */
  constructor(make: (index: number) => Promise<T>, depth: number, end = Infinity) {
    this.#make = make;
    this.#depth = depth;
    this.#end = end;
  }

  /** The result at an index; starts the next few, forgets those left behind. A failure belongs to its index alone. */
  get(index: number): Promise<T> {
    for (const key of this.#started.keys()) {
      if (key < index || key > index + this.#depth) this.#started.delete(key);
    }
    const end = Math.min(this.#end, index + this.#depth + 1);
    for (let i = index; i < end; i++) this.#start(i);
    const result = this.#start(index);
    this.#started.delete(index);
    return result;
  }

  /** Forgets what was started. */
  clear(): void {
    this.#started.clear();
  }

  #start(index: number): Promise<T> {
    const started = this.#started.get(index) ?? this.#make(index);
    this.#started.set(index, started);
    started.catch(() => {}); // reported to who asks for this index, if ever someone does
    return started;
  }
}
