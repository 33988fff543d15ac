import { assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { openCudaLibraries } from "../../lib/engine/cuda_libraries.ts";
import { ensureLibrary } from "../../lib/engine/mod.ts";

const framework = join(dirname((await ensureLibrary()).path), "libtensorflow_framework.so.2");

Deno.test(
  "openCudaLibraries() opens CUDA's, what others need first, each from the first folder that has it",
  {
    ignore: Deno.build.os !== "linux",
    sanitizeResources: false, // they stay open
  },
  async () => {
    const root = await Deno.makeTempDir();
    try {
      const [first, second] = await Promise.all([
        folderOf(root, "first", [
          "libcudnn.so.9",
          "libcublas.so.12",
          "libcublas.so",
          "libz.so.1",
          "libcudnn_ops.so.9",
        ]),
        folderOf(root, "second", ["libcublas.so.12", "libcublasLt.so.12", "libcuda.so.1"]),
      ]);
      await Deno.writeTextFile(join(second, "libcudart.so.12"), "no library");
      const opened = await openCudaLibraries([join(root, "nowhere"), first, second, framework]);
      assertEquals(opened, [
        join(second, "libcuda.so.1"),
        join(second, "libcublasLt.so.12"),
        join(first, "libcublas.so.12"),
        join(first, "libcudnn.so.9"),
      ]);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);

/** A folder of libraries; all are the same one, as any will do. */
async function folderOf(root: string, name: string, libraries: readonly string[]): Promise<string> {
  const folder = join(root, name);
  await Deno.mkdir(folder);
  for (const library of libraries) await Deno.symlink(framework, join(folder, library));
  return folder;
}
