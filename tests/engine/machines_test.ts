import { assertEquals } from "@std/assert";
import { openMachines } from "../helpers/machines.ts";
import { runGroupAt } from "../helpers/worker_group.ts";
import { type CollectivesResult, imageCounts, sums } from "./_collectives_worker.ts";

const machines = await openMachines(imageCounts.length);

Deno.test({
  name: "a group on several machines, each with an address of its own, exchanges as on one",
  ignore: machines === null,
  // The machines are there before the test: whether it can run depends on them.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(): Promise<void> {
    const folder = await Deno.makeTempDir({ prefix: "detnas_machines_" });
    try {
      const program = new URL("_collectives_worker.ts", import.meta.url);
      const workers = imageCounts.length;
      const ends = await runGroupAt(machines!.places, {
        program,
        args: [folder],
        workers,
        timeoutMs: 60_000,
      });
      for (const [rank, { code, log }] of ends.entries()) {
        assertEquals(code, 0, `worker ${rank}: ${log}`);
        const result: CollectivesResult = JSON.parse(await Deno.readTextFile(`${folder}/${rank}.json`));
        assertEquals(result.gathered, [[0, 0.5], [1, 10.5], [2, 20.5]]);
        assertEquals(result.sums, Array.from({ length: sums }, () => 1 + 4 + 9));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
      await machines![Symbol.asyncDispose]();
    }
  },
});
