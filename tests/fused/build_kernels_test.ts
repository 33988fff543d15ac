/** Building the fused kernels on a machine that has a compiler, and on one that has none. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { buildKernels } from "../../lib/fused/build_kernels.ts";

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "detnas_kernels_" });
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function names(dir: string): Promise<string[]> {
  const found = [];
  for await (const { name } of Deno.readDir(dir)) found.push(name);
  return found;
}

/** A program in place of a compiler. */
async function fakeCompiler(dir: string, script: string): Promise<string> {
  const path = `${dir}/fake-c++`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

const workingCompiler = `
case "$*" in
  *--version*) echo fake 1.0;;
  *-dM*) echo "#define __AVX2__ 1"; echo "#define __FMA__ 1";;
  *) for last; do :; done; echo built > "$last";;
esac`;

Deno.test("kernels are built once, for the processor's instructions, and found again", async () => {
  await inFolder(async (dir) => {
    const compiler = await fakeCompiler(dir, workingCompiler);
    const built: string[] = [];
    const options = {
      cache: `${dir}/cache`,
      compilers: [compiler],
      onBuild: (c: string) => void built.push(c),
    };
    const first = await buildKernels(options);
    assertEquals(await buildKernels(options), first);
    assertEquals(built, [compiler]);
    assertMatch(first.name, /^fused avx2 [0-9a-f]{12}$/);
    assertEquals(await Deno.readTextFile(first.path), "built\n");
    assertEquals((await names(`${dir}/cache`)).length, 1);
  });
});

Deno.test("another compiler makes another build", async () => {
  await inFolder(async (dir) => {
    const cache = `${dir}/cache`;
    const first = await buildKernels({ cache, compilers: [await fakeCompiler(dir, workingCompiler)] });
    const newer = workingCompiler.replace("1.0", "2.0");
    const second = await buildKernels({ cache, compilers: [await fakeCompiler(dir, newer)] });
    assert(first.path !== second.path);
  });
});

Deno.test("a processor without AVX2 gets the portable kernels", async () => {
  await inFolder(async (dir) => {
    const compiler = await fakeCompiler(dir, workingCompiler.replace('echo "#define __AVX2__ 1";', ""));
    const { name } = await buildKernels({ cache: `${dir}/cache`, compilers: [compiler] });
    assertMatch(name, /^fused portable /);
  });
});

Deno.test("without a compiler the error lists what was tried", async () => {
  await inFolder(async (dir) => {
    const compilers = [`${dir}/none`, `${dir}/neither`];
    const error = await assertRejects(() => buildKernels({ cache: dir, compilers }), Deno.errors.NotFound);
    assertEquals(error.message, `no C++ compiler (${dir}/none: not found; ${dir}/neither: not found)`);
  });
});

Deno.test("a compiler that fails is quoted, and leaves nothing behind", async () => {
  await inFolder(async (dir) => {
    const compiler = await fakeCompiler(
      dir,
      `case "$*" in *--version*) echo fake;; *-dM*) ;; *) echo "fused.cc:1: no memory" >&2; exit 4;; esac`,
    );
    const cache = `${dir}/cache`;
    const error = await assertRejects(() => buildKernels({ cache, compilers: [compiler] }), Error);
    assertEquals(error.message, `${compiler} ended with code 4: fused.cc:1: no memory`);
    assertEquals(await names(cache), []);
  });
});
