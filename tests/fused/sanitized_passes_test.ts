/** The kernels' passes under sanitizers: no address out of bounds, nothing undefined, on odd shapes. */
import { assertEquals, assertMatch } from "@std/assert";

const source = new URL("native/check_passes.cc", import.meta.url).pathname;

async function run(command: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  return text;
}

Deno.test("passes on odd shapes equal plain loops in double, and no sanitizer objects", async () => {
  const dir = await Deno.makeTempDir({ prefix: "detnas_sanitized_" });
  try {
    const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    await run("c++", [
      "-std=c++17",
      "-O1",
      ...sanitize,
      "-march=native",
      "-pthread",
      source,
      "-o",
      `${dir}/check`,
    ]);
    const said = await run(`${dir}/check`, []);
    assertMatch(said, /^error of tiles over that of direct sums: (\d\.\d [a-z ]+,? ?){3}$/m);
    assertMatch(said, /^1918 layers with vectors of \d+, largest error \d\.\de-0\d\n$/m);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
