import { assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { configs } from "../../tasks/configs/mod.ts";
import { groupOfMachines } from "../../tasks/machines.ts";

const config = parseConfig({ ...configs.get("shapes-tiny"), device: { kind: "cpu", threads: 1 } }, "test");

function tfConfig(index: number, ...worker: string[]): string {
  return JSON.stringify({ cluster: { worker }, task: { type: "worker", index } });
}

Deno.test("a machine without TF_CONFIG, or alone in it, works alone and opens nothing", () => {
  for (const text of [undefined, "", tfConfig(0, "a:2222")]) {
    assertEquals(groupOfMachines(text, config, false), null);
  }
});

Deno.test("machines train together where the user allows it; else it is said what would open", () => {
  const text = tfConfig(1, "a:2222", "b:2223");
  assertEquals(groupOfMachines(text, config, true), {
    rank: 1,
    addresses: ["a:2222", "b:2223"],
    joinMs: 600_000,
  });
  const { message } = assertThrows(() => groupOfMachines(text, config, false), RangeError);
  assertEquals(
    message,
    "Cannot train on the 2 machines of TF_CONFIG unless --open-ports is given: this one's worker listens on TCP port " +
      "2223 of every interface, for anyone who connects; only do that in a network that you trust, or unset TF_CONFIG",
  );
});

Deno.test("a machine has one worker: several tasks are started where it has several devices", () => {
  const text = tfConfig(0, "a:2222", "b:2223");
  assertThrows(
    () => groupOfMachines(text, { ...config, workers: 2 }, true),
    RangeError,
    "Cannot train on the 2 machines of TF_CONFIG with --workers 2: each machine has one worker",
  );
});
