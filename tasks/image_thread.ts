/**
 * Entry point of a thread that makes images ready for batches, with TensorFlow's JPEG decoder; its argument is
 * libtensorflow's path.
 *
 * @module
 */
import { serveImages, type ThreadScope } from "../lib/data/image_threads.ts";
import { openJpegDecoder } from "../lib/engine/jpeg_decoder.ts";

const scope = globalThis as unknown as ThreadScope;
serveImages(scope, (libraryPath) => openJpegDecoder(libraryPath).decode);
