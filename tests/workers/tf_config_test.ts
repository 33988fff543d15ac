import { assertEquals, assertThrows } from "@std/assert";
import { groupOfTfConfig } from "../../lib/workers/tf_config.ts";

function config(cluster: unknown, task: unknown): string {
  return JSON.stringify({ cluster, task, environment: "cloud" });
}

Deno.test("TF_CONFIG's workers are the group, in their order", () => {
  const cluster = { worker: ["a:2222", "b.c:2223"], ps: ["d:1"] };
  assertEquals(groupOfTfConfig(config(cluster, { type: "worker", index: 1 })), {
    rank: 1,
    addresses: ["a:2222", "b.c:2223"],
  });
});

Deno.test("TF_CONFIG's chief is the first worker; an index may be a text, as some launchers write it", () => {
  const cluster = { worker: ["a:1", "b:1"], chief: ["c:1"] };
  const addresses = ["c:1", "a:1", "b:1"];
  assertEquals(groupOfTfConfig(config(cluster, { type: "chief", index: 0 })), { rank: 0, addresses });
  assertEquals(groupOfTfConfig(config(cluster, { type: "worker", index: "1" })), { rank: 2, addresses });
});

Deno.test("a TF_CONFIG that is none is refused, with what is wanted", () => {
  const task = { type: "worker", index: 0 };
  const wrong: [string, string][] = [
    ["{", "it is no JSON"],
    ["[]", "cluster is missing"],
    [JSON.stringify({ cluster: {} }), "task is missing"],
    [config({ worker: ["a"] }, task), 'cluster.worker is ["a"], wanted a list of HOST:PORT'],
    [config({ worker: "a:1" }, task), 'cluster.worker is "a:1", wanted a list of HOST:PORT'],
    [config({ worker: ["a:1"] }, { type: "worker", index: 1 }), "task worker 1 is not among"],
    [config({ worker: ["a:1"], ps: ["b:1"] }, { type: "ps", index: 0 }), "task ps 0 is not among"],
  ];
  for (const [text, message] of wrong) {
    assertThrows(() => groupOfTfConfig(text), SyntaxError, `Cannot read TF_CONFIG: ${message}`);
  }
});
