import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openCudaLibraries } from "../../lib/engine/cuda_libraries.ts";

/** A library that stands for all of CUDA's, where Linux distributions keep it: every program has it open. */
const libm = [`/lib/${Deno.build.arch}-linux-gnu`, "/lib64", "/usr/lib"].map((dir) => join(dir, "libm.so.6"))
  .find((path) => existsSync(path));

Deno.test(
  "openCudaLibraries() opens CUDA's, what others need first, each from the first folder that has it",
  {
    ignore: libm === undefined,
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
      const opened = await openCudaLibraries([join(root, "nowhere"), first, second, libm!]);
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

/** A folder of libraries. */
async function folderOf(root: string, name: string, libraries: readonly string[]): Promise<string> {
  const folder = join(root, name);
  await Deno.mkdir(folder);
  for (const library of libraries) await Deno.symlink(libm!, join(folder, library));
  return folder;
}
