/** A thread of the tests: sharp alone, or, told so, a JPEG decoder that knows one image. */
import { serveImages, type ThreadScope } from "../../lib/data/image_threads.ts";

serveImages(globalThis as unknown as ThreadScope, (argument) =>
  argument === "" ? null : () => ({
    width: 4,
    height: 4,
    data: new Uint8Array(48).fill(Number(argument)),
  }));
