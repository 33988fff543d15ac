/** A search whose candidates are scored by other processes than its workers. */
import { assertEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { configHash } from "../../lib/config/config_identity.ts";
import { openHistory } from "../../lib/search/history.ts";
import { architectureKey } from "../../lib/space/architecture.ts";
import { search } from "../../lib/stages/search.ts";
import type { StageContext } from "../../lib/stages/stage_context.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { type StageOptions, withStages } from "./_stage_fixture.ts";

/** Three processes, and what was asked of which. */
function processes(): StageOptions & { readonly log: string[] } {
  const log: string[] = [];
  const start: StageOptions["start"] = (index) => {
    log.push(`start ${index}`);
    return {
      openScoring: () => Promise.resolve(),
      closeScoring: () => Promise.resolve(),
      score: (choices) => {
        log.push(`score ${index}`);
        return Promise.resolve(stream(3, "score", architectureKey(choices)).uniform());
      },
    };
  };
  return { workers: 3, start, log };
}

function rows({ run }: StageContext): unknown[] {
  using history = openHistory(run.paths.search, configHash(run.config));
  return history.all().map(({ elapsedMs: _elapsedMs, ...rest }) => rest);
}

Deno.test("scorers of their own take the worker's place during the search, and end with it", async () => {
  const { log, ...options } = processes();
  await withStages(
    {},
    async (context, told) => {
      const [worker, ...scorers] = context.workers;
      await context.run.finishStage("finetune");
      await worker.call((api) => api.device());
      await search({ ...context, workers: [worker], scorers });
      assertEquals(told.sentences[0], "search: candidates are scored by 2 processes of one thread");
      const asked = log.splice(0);
      assertEquals(new Set(asked), new Set(["start 0", "start 1", "start 2", "score 1", "score 2"]));
      assertEquals(asked.filter((line) => line.startsWith("start")).length, 3);

      for (const slot of [worker, ...scorers]) await slot.call((api) => api.device());
      assertEquals(log, ["start 0", "start 1", "start 2"], "none was left running");
    },
    tinyConfig,
    options,
  );
});

Deno.test("they find the rows that the worker finds", async () => {
  const found: unknown[][] = [];
  for (const isApart of [false, true]) {
    await withStages(
      {},
      async (context) => {
        const [worker, ...scorers] = context.workers;
        await context.run.finishStage("finetune");
        await search({ ...context, workers: [worker], scorers: isApart ? scorers : context.workers });
        found.push(rows(context));
      },
      tinyConfig,
      processes(),
    );
  }
  assertEquals(found[0], found[1]);
});
