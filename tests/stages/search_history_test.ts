/** A search goes on only with the data, the latencies and the device that its scores were made with. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { ClassificationSet, DetectionSet } from "../../lib/data/sample.ts";
import { selectSamples } from "../../lib/data/sample_list.ts";
import { readApproximations } from "../../lib/run/origin.ts";
import { openRunHistory, openSearchHistory } from "../../lib/stages/search_history.ts";
import type { StageContext } from "../../lib/stages/stage_context.ts";
import { writeWinners } from "../../lib/stages/winners_file.ts";
import { type ClassificationData, DataSets, type DetectionData } from "../../lib/train/datasets.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

const latencies = { stemMs: 1, blocksMs: Array(5).fill([1, 2, 3, 4]) };

/** The same data but for the last image that scores. */
class ShorterData extends DataSets {
  override async detection(config: typeof tinyConfig): Promise<DetectionData> {
    const data = await super.detection(config);
    return { ...data, val: shortened(data.val) as DetectionSet };
  }

  override async classification(config: typeof tinyConfig): Promise<ClassificationData> {
    const data = await super.classification(config);
    return { ...data, val: shortened(data.val) as ClassificationSet };
  }
}

function shortened(set: ClassificationSet | DetectionSet): typeof set {
  const indices = Array.from({ length: set.samples.length - 1 }, (_, i) => i);
  return { ...set, samples: selectSamples<never>(set.samples as never, indices) };
}

async function open(context: StageContext, found = latencies): Promise<void> {
  using _history = await openSearchHistory(context, found);
}

Deno.test("openSearchHistory() refuses scores of other data, latencies or threads by name, or goes on and records them", () =>
  withStages({}, async (context) => {
    await open(context);
    await open(context);
    const slower = { ...latencies, stemMs: 2 };
    const others: [string, StageContext, typeof latencies][] = [
      ["data", { ...context, data: new ShorterData(null) }, latencies],
      ["latencies", context, slower],
    ];
    for (const [field, other, found] of others) {
      const { message } = await assertRejects(() => open(other, found), RangeError);
      assertStringIncludes(message, `Cannot go on from ${context.run.paths.search} as ${field} was `);
      await open({ ...other, approximate: true }, found);
      assertEquals((await readApproximations(context.run.dir)).at(-1)?.field, field);
      await open(other, found); // belongs to these from here on
      await open({ ...context, approximate: true });
    }
    const recorded = await readApproximations(context.run.dir);
    assertEquals(recorded.map(({ field }) => field), ["data", "data", "latencies", "latencies"]); // there and back
    assertEquals(recorded.every(({ checkpoint }) => checkpoint === "search.sqlite"), true);
  }));

Deno.test("openSearchHistory() of a search by accuracy looks at the images with labels", () =>
  withStages({}, async (context) => {
    await open(context);
    await assertRejects(() => open({ ...context, data: new ShorterData(null) }), RangeError, "as data was ");
  }, { ...tinyConfig, search: { ...tinyConfig.search, objective: "classification" } }));

Deno.test("a worker of another TensorFlow or with other threads does not go on with a search", async () => {
  let device = {
    tensorflow: "2.21.0",
    deviceName: "CPU:0",
    threads: 2,
    hostCpu: null,
    kernels: "tensorflow",
  };
  await withStages({ device: () => Promise.resolve(device) }, async (context) => {
    await open(context);
    device = { ...device, tensorflow: "2.22.0", threads: 1 };
    const message = "as threads was 2 and is now 1; version of tensorflow was 2.21.0 and is now 2.22.0: ";
    await assertRejects(() => open(context), RangeError, message);
  });
});

Deno.test("openRunHistory() refuses another config's scores, or takes them over and records it", () =>
  withStages({}, async (context) => {
    await open(context);
    const run = Object.create(context.run, { config: { value: { ...tinyConfig, seed: 9 } } });
    const other: StageContext = { ...context, run };
    await assertRejects(() => openRunHistory(other), RangeError, "it must belong to this search");
    (await openRunHistory({ ...other, approximate: true }))[Symbol.dispose]();
    (await openRunHistory(other))[Symbol.dispose]();
    assertEquals((await readApproximations(run.dir)).map(({ field }) => field), ["config"]);
  }));

Deno.test("the winners of an approximate run say so", () =>
  withStages({}, async (context) => {
    const winner = { space: "tiny", choices: [0], macs: 1, parameters: 1, score: 0.5 };
    const written = async (): Promise<unknown> => {
      await writeWinners(context.run, [winner]);
      return JSON.parse(await Deno.readTextFile(context.run.paths.winners));
    };
    assertEquals(await written(), [winner]);
    await open(context);
    await open({ ...context, approximate: true }, { ...latencies, stemMs: 3 });
    assertEquals(await written(), [{ ...winner, approximate: true }]);
  }));
