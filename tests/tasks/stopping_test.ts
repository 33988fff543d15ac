import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Stopped, Stopping } from "../../tasks/stopping.ts";
import { VirtualTime } from "../helpers/virtual_time.ts";

function stopping(): { stopping: Stopping; time: VirtualTime; exits: string[] } {
  const time = new VirtualTime();
  const exits: string[] = [];
  const exit = ({ message, exitCode }: Stopped): void =>
    void exits.push(`${message} ${exitCode} at ${time.nowMs()}`);
  return { stopping: new Stopping(exit, time), time, exits };
}

/** Lets time pass. */
async function pass(time: VirtualTime, ms: number): Promise<void> {
  await time.run(new Promise<void>((resolve) => time.after(ms, resolve)));
}

Deno.test("the first signal asks the command to stop, and gives it nine seconds", async () => {
  for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const { stopping: it, time, exits } = stopping();
    it.listen();
    assert(!it.signal.aborted);
    it.request(name);
    assertInstanceOf(it.signal.reason, Stopped);
    assertEquals([it.signal.reason.message, it.signal.reason.exitCode], [`stopped by ${name}`, code]);
    await pass(time, 8999);
    assertEquals(exits, []);
    await pass(time, 2);
    assertEquals(exits, [`stopped by ${name} ${code} at 9000`]);
  }
});

Deno.test("a second signal ends the command at once, but not the echo of the first", async () => {
  const { stopping: it, time, exits } = stopping();
  it.listen();
  it.request("SIGINT");
  await pass(time, 10);
  it.request("SIGINT"); // deno task hands it on
  assertEquals(exits, []);
  await pass(time, 1000);
  it.request("SIGTERM");
  assertEquals(exits, ["stopped by SIGTERM 143 at 1010"]);
  assertEquals(it.signal.reason.message, "stopped by SIGINT");
});

Deno.test("the first signal ends a command at once that has nothing to leave in order yet", () => {
  const { stopping: it, exits } = stopping();
  it.request("SIGTERM");
  assertEquals([exits, it.signal.aborted], [["stopped by SIGTERM 143 at 0"], false]);
});
