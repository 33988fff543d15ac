import { assertEquals, assertRejects } from "@std/assert";
import { MetricsLog } from "../../lib/run/metrics_log.ts";

async function withLog(test: (log: MetricsLog) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(new MetricsLog(`${dir}/metrics.jsonl`));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("MetricsLog reads what was appended, in order, and nothing from no file", () =>
  withLog(async (log) => {
    assertEquals(await log.read(), []);
    await log.append({ stage: "pretrain", step: 1, loss: 2.25 });
    await log.append({ stage: "pretrain", step: 2, loss: null, choices: [0, 3] });
    assertEquals(await log.read(), [
      { stage: "pretrain", step: 1, loss: 2.25 },
      { stage: "pretrain", step: 2, loss: null, choices: [0, 3] },
    ]);
  }));

Deno.test("MetricsLog.truncate() makes a resumed log equal to an undisturbed one", () =>
  withLog(async (log) => {
    const train = async (from: number, to: number): Promise<void> => {
      for (let step = from; step <= to; step++) await log.append({ stage: "finetune", step, loss: 1 / step });
    };
    await log.append({ stage: "pretrain", step: 9, loss: 3 });
    await train(1, 6);
    const undisturbed = await Deno.readTextFile(log.path);
    await Deno.writeTextFile(log.path, '{"stage":"finetune","st', { append: true });
    await log.truncate("finetune", 3);
    await train(4, 6);
    assertEquals(await Deno.readTextFile(log.path), undisturbed);
  }));

Deno.test("MetricsLog.truncate() removes an unfinished last line even if no step goes", () =>
  withLog(async (log) => {
    await log.append({ stage: "pretrain", step: 1 });
    await Deno.writeTextFile(log.path, "{", { append: true });
    await log.truncate("pretrain", 1);
    assertEquals(await Deno.readTextFile(log.path), '{"stage":"pretrain","step":1}\n');
  }));

Deno.test("MetricsLog.read() names file and line of a damaged record", () =>
  withLog(async (log) => {
    await Deno.writeTextFile(log.path, '{"stage":"pretrain","step":1}\n{"sta\n');
    await assertRejects(
      () => log.read(),
      SyntaxError,
      `Cannot read ${log.path}, line 2: it is no JSON: {"sta`,
    );
  }));
