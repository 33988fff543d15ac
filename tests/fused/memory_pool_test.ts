/** The kernels' memory under sanitizers: no piece overlaps another, and pieces of all sizes share what there is. */
import { assertEquals } from "@std/assert";

const source = new URL("native/check_pool.cc", import.meta.url).pathname;

async function run(command: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  return text;
}

Deno.test("pieces of the kernels' memory never overlap, share slabs whatever their sizes, and can be given back", async () => {
  const dir = await Deno.makeTempDir({ prefix: "detnas_pool_" });
  try {
    const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    await run("c++", ["-std=c++17", "-O1", ...sanitize, "-pthread", source, "-o", `${dir}/check`]);
    assertEquals(await run(`${dir}/check`, []), "shared 512 MiB, kept 600 MiB, trimmed to 0 MiB\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
