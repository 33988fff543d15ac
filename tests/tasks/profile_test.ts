import { assertEquals } from "@std/assert";
import { backboneHash, type LatencyTable, type Timing } from "../../lib/space/latency_table.ts";
import { authorsChoices, searchSpaces } from "../../lib/space/search_space.ts";
import { latencyLines } from "../../tasks/profile.ts";

function timing(medianMs: number): Timing {
  return { medianMs, lowerQuartileMs: medianMs - 0.1, upperQuartileMs: medianMs + 0.15, repeats: 5 };
}

Deno.test("latencyLines() shows a row a block, a column a choice, and the error of sums", () => {
  const space = { ...searchSpaces.small, choices: authorsChoices.slice(0, 2), stageRepeats: [1, 1] };
  const table: LatencyTable = {
    version: 2,
    device: {
      tensorflow: "2.21.0",
      deviceName: "x/device:CPU:0",
      threads: 2,
      hostCpu: "AMD EPYC",
      kernels: "tensorflow",
    },
    space: { name: "small", hash: backboneHash(space) },
    shuffleMethod: 1,
    canvas: [256, 320],
    stem: timing(0.75),
    blocks: [[timing(1.5), timing(2)], [timing(10.25), timing(3)]],
    validation: {
      backbones: [{ choices: [0, 0], measured: timing(12), sumMs: 12.5 }],
      meanRelativeError: 0.0417,
      maxRelativeError: 0.05,
      bias: 0.0417,
      correlation: null,
    },
  };
  assertEquals(latencyLines(space, table), [
    "milliseconds of one image of 256x320 px on CPU:0 (AMD EPYC), 2 threads, TensorFlow 2.21.0, " +
    "blocks by tensorflow; " +
    "median (quartiles' distance):",
    "block        shuffle 3x3     shuffle 5x5",
    "0          1.500 (0.250)   2.000 (0.250)",
    "1         10.250 (0.250)   3.000 (0.250)",
    "stem       0.750 (0.250)",
    "sum of parts against 1 whole backbones: mean error 4.2 %, largest 5.0 %, bias 4.2 %, correlation undefined",
  ]);
});
