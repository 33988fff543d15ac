import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { openPrivateNetwork } from "../../lib/workers/private_network.ts";

/** What a command says in a network. */
async function saidIn(prefix: readonly string[], ...command: string[]): Promise<string> {
  const [first, ...args] = [...prefix, ...command];
  const { success, stdout } = await new Deno.Command(first, { args, stderr: "inherit" }).output();
  assert(success);
  return new TextDecoder().decode(stdout).trim();
}

const isPossible = await openPrivateNetwork().then(async (network) => {
  await network[Symbol.asyncDispose]();
  return true;
}, () => false);

Deno.test({
  name: "a private network has a loopback of its own and nothing else, and goes when nobody is in it",
  ignore: !isPossible,
  async fn(): Promise<void> {
    const name = ["readlink", "/proc/self/ns/net"];
    const outside = await saidIn([], ...name);
    const network = await openPrivateNetwork();
    const inside = await saidIn(network.prefix, ...name);
    assertMatch(inside, /^net:/);
    assertNotEquals(inside, outside);
    assertEquals(await saidIn(network.prefix, ...name), inside); // both in the same
    assertMatch(await saidIn(network.prefix, "ip", "-oneline", "link"), /^1: lo: <LOOPBACK,UP[^\n]*$/);
    await network[Symbol.asyncDispose]();
    const [first, ...args] = [...network.prefix, "true"];
    assert(!(await new Deno.Command(first, { args, stderr: "null" }).output()).success);
  },
});

Deno.test("a private network that can't be had says why", async () => {
  const program = new URL("_open_private_network.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-run", program],
    env: { PATH: "/nowhere" },
    stderr: "inherit",
  }).output();
  assertMatch(
    new TextDecoder().decode(stdout),
    /^Cannot open a private network: unshare is not installed/,
  );
});
