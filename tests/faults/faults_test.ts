/** A few faults of `deno task test:faults`, one seed each; the other kinds' parts are tested where they belong. */
import { assertEquals } from "@std/assert";
import { Campaign, faultKinds, reliabilityTable } from "./campaign.ts";

const campaign = await Campaign.open();
const names = ["nan", "checkpoint-call", "flip-bit"];

for (const kind of faultKinds.filter(({ name }) => names.includes(name))) {
  Deno.test({
    name: `${kind.title}: the job goes on to the quiet run's bytes, and leaves no process`,
    ignore: Deno.build.os !== "linux",
    async fn(): Promise<void> {
      const report = await campaign.run(kind, 2);
      assertEquals([report.failure, report.orphans], ["", 0], report.outcome?.done);
    },
  });
}

Deno.test("the table has a row for each kind of fault that was done", () => {
  const [kind, other] = faultKinds;
  const good = { kind, seed: 1, outcome: { done: "x", noticedMs: 1240 }, failure: "", orphans: 0 };
  const bad = { kind: other, seed: 1, outcome: null, failure: "differs", orphans: 2 };
  assertEquals(reliabilityTable([good, { ...good, outcome: { done: "y" } }, bad]).split("\n").slice(2), [
    `| ${kind.title} | 2 | 2 | 0 | 1.2 s |`,
    `| ${other.title} | 1 | 0 | 2 |  |`,
  ]);
});

Deno.test("the folder of the faults is removed", async () => {
  await campaign[Symbol.asyncDispose]();
});
