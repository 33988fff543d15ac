import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { GroupNetwork } from "../../lib/workers/group_network.ts";
import { freePorts } from "../../tasks/free_ports.ts";

Deno.test("with open ports the workers get such that nobody has, and it is said what opens", async () => {
  const said: string[] = [];
  await using network = new GroupNetwork({
    workers: 3,
    openPorts: true,
    freePorts,
    say: (line) => void said.push(line),
  });
  const [first, again] = [await network.place(0), await network.place(0)];
  const last = await network.place(2);
  assertEquals(again, first);
  assertEquals([first.group.rank, last.group.rank, first.prefix], [0, 2, []]);
  assertEquals(last.group.addresses, first.group.addresses);
  const ports = first.group.addresses.map((address) => Number(/^127\.0\.0\.1:(\d+)$/.exec(address)![1]));
  assertEquals(new Set(ports).size, 3);
  assert(ports.every((port) => port >= 1024));
  assertEquals(said, [
    `workers listen on TCP ports ${ports.join(", ")} of every interface, for anyone who connects`,
  ]);
});

Deno.test({
  name: "without ports the workers have a network of their own; where there is none it is said what to do",
  // The tools are looked for along PATH: with another there are none.
  async fn(): Promise<void> {
    const script = new URL("_group_network.ts", import.meta.url).pathname;
    const run = async (environment: Record<string, string>): Promise<string> => {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--allow-read", "--allow-env", "--allow-run", script],
        env: environment,
        stderr: "inherit",
      }).output();
      return new TextDecoder().decode(stdout).trim();
    };
    assertEquals(
      await run({ PATH: "/nowhere" }),
      "Cannot let 2 workers train together without opening ports. Cannot open a private network: unshare is not " +
        "installed. --open-ports lets them listen on 2 TCP ports, on every interface and for anyone who connects; " +
        "--workers 1 opens none",
    );
    assertMatch(await run({}), /^(nsenter --target=\d+ .*127\.0\.0\.1:20001|Cannot let 2 workers train.*)$/s);
  },
});

Deno.test("a network that is gone takes no worker", async () => {
  const network = new GroupNetwork({ workers: 2, openPorts: false, freePorts, say: () => {} });
  await network[Symbol.asyncDispose]();
  await assertRejects(() => network.place(0), TypeError, "its network is gone");
});
