/**
 * Decoded images in memory, up to a limit: small sets are decoded once, not every epoch.
 *
 * @module
 */
import type { RgbImage } from "./sample.ts";

/**
 * Keeps images until the limit is reached, then keeps those it has: with every image used once an epoch,
 * evicting would only trade one for another.
 */
export class ImageCache {
  readonly #limitBytes: number;
  readonly #images = new Map<string, RgbImage>();
  #bytes = 0;

  /**
   * An empty cache.
   *
   * @param limitBytes Most memory for pixels; 0 keeps nothing.
   */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Memory of the pixels kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The image of a key, made if it is not kept. Callers must not change it. */
  async get(key: string, make: () => Promise<RgbImage>): Promise<RgbImage> {
    const kept = this.#images.get(key);
    if (kept !== undefined) return kept;
    const image = await make();
    const size = image.data.byteLength;
    if (!this.#images.has(key) && this.#bytes + size <= this.#limitBytes) {
      this.#images.set(key, image);
      this.#bytes += size;
    }
    return image;
  }

  /** Lets go of all images. */
  clear(): void {
    this.#images.clear();
    this.#bytes = 0;
  }
}
