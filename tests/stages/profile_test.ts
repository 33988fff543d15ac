import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { LatencyUse, MeasuredDevice, Timing } from "../../lib/space/latency_table.ts";
import { profile, readLatencyTable, searchLatencies } from "../../lib/stages/profile.ts";
import type { ProfileOptions, ProfileResult } from "../../lib/train/profile.ts";
import type { DeviceReport, WorkerApi } from "../../lib/workers/worker_api.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

const device: DeviceReport = {
  tensorflow: "2.21.0",
  deviceName: "device:CPU:0",
  threads: 2,
  hostCpu: "AMD EPYC",
  kernels: "tensorflow",
};

const options: ProfileOptions = { repeats: 3, backbones: 1 };

function timing(medianMs: number): Timing {
  return { medianMs, lowerQuartileMs: medianMs, upperQuartileMs: medianMs, repeats: 3 };
}

/** Block i takes i + choice / 10 ms (the first 0.1 ms more than that), the stem 5 ms; all of `tinyArchitecture` 16. */
const measured: ProfileResult = {
  stem: timing(5),
  blocks: [0, 1, 2, 3, 4].map((block) => [1, 2, 3, 4].map((choice) => timing(block + choice / 10))),
  backbones: [{ choices: tinyArchitecture, measured: timing(16) }],
};

/** A worker that has measured after three calls. */
function profilingWorker(on: MeasuredDevice = device): Partial<WorkerApi> {
  let done = 0;
  return {
    device: () => Promise.resolve(on),
    openProfile: (_config, { repeats }) => Promise.resolve({ done, total: repeats }),
    profile: () => Promise.resolve({ done: ++done, total: 3 }),
    closeProfile: () => Promise.resolve(measured),
  };
}

function useOf(changes: Partial<LatencyUse> = {}): LatencyUse {
  const { space, shuffleMethod, detector } = tinyConfig;
  return { space, shuffleMethod, canvas: detector.canvases[0], device, ...changes };
}

Deno.test("a profile is measured with progress, written, validated, and read back", () =>
  withStages(profilingWorker(), async ({ run, worker, observer }, told) => {
    const path = `${run.dir}/new/latency.json`;
    const table = await profile({ config: tinyConfig, worker, observer }, options, path);
    assertEquals(told.progress.map(({ done, total }) => [done, total]), [[1, 3], [2, 3], [3, 3]]);
    assertEquals(JSON.parse(await Deno.readTextFile(path)), table);
    assertEquals(table.device, device);
    const [backbone] = table.validation.backbones;
    assertEquals(backbone.sumMs.toFixed(6), (5 + 0.1 + 1.2 + 2.3 + 3.4 + 4.1).toFixed(6));
    assertEquals(table.validation.meanRelativeError.toFixed(6), (0.1 / 16).toFixed(6));
    assertEquals(await readLatencyTable(path, useOf()), {
      stemMs: 5,
      blocksMs: measured.blocks.map((choices) => choices.map(({ medianMs }) => medianMs)),
    });
  }));

Deno.test("a table that is not there is refused with the command that writes it", () =>
  withStages({}, async ({ run }) => {
    const path = `${run.dir}/none.json`;
    await assertRejects(
      () => readLatencyTable(path, useOf()),
      RangeError,
      `Cannot read latencies from ${path}: there is no such file; write it with deno task profile --out ${path}`,
    );
  }));

Deno.test("a search has no latencies where its config names no table", () =>
  withStages({}, async (context) => assertEquals(await searchLatencies(context), null)));

Deno.test("a search takes no latencies of another device", async () => {
  const path = await Deno.makeTempFile();
  const config = { ...tinyConfig, search: { ...tinyConfig.search, latencyTable: path } };
  try {
    await withStages(profilingWorker(), async (context) => {
      await profile({ ...context, config }, options, path);
      assertEquals((await searchLatencies(context))?.stemMs, 5);
    }, config);
    await withStages(profilingWorker({ ...device, threads: 8 }), async (context) => {
      const { message } = await assertRejects(() => searchLatencies(context), RangeError);
      assertStringIncludes(message, `the latencies of ${path} as they were measured on another device`);
      assertStringIncludes(message, "2 threads");
      assertStringIncludes(message, "8 threads");
    }, config);
  } finally {
    await Deno.remove(path);
  }
});
