/**
 * A process of its own that loads libtensorflow after a library which has C++'s shared symbols as well, opens a context,
 * and closes the library as Deno does with a test file's at its end. TensorFlow's threads are still there then.
 *
 * @module
 */
import sharp from "sharp";
import { EagerContext } from "../../lib/engine/eager_context.ts";
import { ensureLibrary } from "../../lib/engine/library.ts";
import { TensorFlowLibrary } from "../../lib/engine/tensorflow_library.ts";

await sharp({ create: { width: 1, height: 1, channels: 3, background: "black" } }).raw().toBuffer();
const { path } = await ensureLibrary();
const library = new TensorFlowLibrary(path);
new EagerContext(library, { intraOpThreads: 2, interOpThreads: 2, isGpuVisible: false });
library[Symbol.dispose]();
console.log("closed");
