import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../../lib/base/random.ts";
import { stemUnit } from "../../lib/models/backbone.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { movingAverage, type StatisticsCollector, trueAverage } from "../../lib/train/recalibrate.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

await useCpuBackend();
/** One batch norm of four channels. */
const unit = stemUnit(tinyConfig.space);

type Moments = ReadonlyMap<Unit, readonly Float32Array[]>;

function moments(mean: number[], variance: number[]): Moments {
  return new Map([[unit, [Float32Array.from(mean), Float32Array.from(variance)]]]);
}

function statisticsOf(collector: StatisticsCollector, batches: readonly Moments[]): [number[], number[]] {
  for (const batch of batches) collector.add(batch);
  return tf.tidy(() => {
    const [mean, variance] = collector.statistics().get(unit)!.map((tensor) => [...tensor.dataSync()]);
    return [mean, variance];
  });
}

Deno.test("trueAverage() is the mean of means, and the mean of variances plus the variance of means", () => {
  const batches = [
    moments([1, 0, -2, 5], [1, 2, 0, 1]),
    moments([3, 0, -2, 5], [3, 4, 0, 1]),
    moments([5, 3, -2, 5], [2, 6, 0, 1]),
  ];
  const [mean, variance] = statisticsOf(trueAverage(), batches);
  assertEquals(mean, [3, 1, -2, 5]);
  // Means 1, 3, 5 lie 2, 0, 2 from 3: (4 + 0 + 4) / 3. Means 0, 0, 3 lie 1, 1, 2 from 1: (1 + 1 + 4) / 3.
  assertClose(variance, [2 + 8 / 3, 4 + 2, 0, 1], "variance", { relative: 1e-7, absolute: 0 });
});

Deno.test("trueAverage() of batches of one size has the variance of all their values together", () => {
  const random = stream(1, "values");
  const batches = Array.from({ length: 5 }, () => Array.from({ length: 40 }, () => 10 + random.normal()));
  const biased = (values: readonly number[]): { mean: number; variance: number } => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  };
  const collected = batches.map(biased).map(({ mean, variance }) =>
    moments(new Array(4).fill(mean), new Array(4).fill(variance))
  );
  const [mean, variance] = statisticsOf(trueAverage(), collected);
  const all = biased(batches.flat());
  assertClose([mean[0], variance[0]], [all.mean, all.variance], "moments", { relative: 1e-5, absolute: 0 });
});

Deno.test("trueAverage() does not depend on the order of batches, to the bit", () => {
  const random = stream(1, "moments");
  const eighths = (): number[] => Array.from({ length: 4 }, () => random.integer(64) / 8); // sums are exact
  const batches = Array.from({ length: 4 }, () => moments(eighths(), eighths()));
  const forwards = statisticsOf(trueAverage(), batches);
  assertEquals(statisticsOf(trueAverage(), [...batches].reverse()), forwards);
  assertEquals(statisticsOf(trueAverage(), [2, 0, 3, 1].map((i) => batches[i])), forwards);
});

Deno.test("trueAverage() of one batch is that batch's moments", () => {
  const [mean, variance] = [[1, 2, 3, 4], [4, 3, 2, 1]];
  assertEquals(statisticsOf(trueAverage(), [moments(mean, variance)]), [mean, variance]);
});

Deno.test("movingAverage() starts at mean 0 and variance 1 and moves by its share towards each batch", () => {
  const batches = [moments([4, 0, 8, 0], [3, 1, 1, 5]), moments([8, 0, 0, 4], [1, 1, 5, 1])];
  const [mean, variance] = statisticsOf(movingAverage(0.25), batches);
  assertEquals(mean, [0.75 * 1 + 2, 0, 0.75 * 2, 1]); // after the first batch: 1, 0, 2, 0
  assertEquals(variance, [0.75 * 1.5 + 0.25, 1, 0.75 + 1.25, 0.75 * 2 + 0.25]); // 1.5, 1, 1, 2
});

Deno.test("movingAverage(1) is the last batch alone", () => {
  const batches = [moments([1, 1, 1, 1], [9, 9, 9, 9]), moments([1, 2, 3, 4], [4, 3, 2, 1])];
  assertEquals(statisticsOf(movingAverage(1), batches), [[1, 2, 3, 4], [4, 3, 2, 1]]);
});

Deno.test("statistics() can be asked for again, and gives new tensors each time", () => {
  const collector = trueAverage();
  collector.add(moments([1, 2, 3, 4], [4, 3, 2, 1]));
  tf.tidy(() => {
    const [first, second] = [collector.statistics().get(unit)!, collector.statistics().get(unit)!];
    first.forEach((tensor, i) => {
      assert(tensor !== second[i]);
      assertEquals([...tensor.dataSync()], [...second[i].dataSync()]);
    });
  });
});
