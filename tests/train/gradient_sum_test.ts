import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { loneWorker, type WorkerGroup } from "../../lib/nn/worker_group.ts";
import { sumGradients } from "../../lib/train/gradient_sum.ts";
import type { UnitUpdate } from "../../lib/train/unit_runner.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { classifierUnit } from "../../lib/models/classifier.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

await useCpuBackend();

const unit = classifierUnit(tinyConfig.space, 10); // whose gradients they are makes no difference

function updateOf(...shapes: number[][]): UnitUpdate {
  const gradients = shapes.map((shape) => tf.reshape(tf.range(0, tf.util.sizeFromShape(shape)), shape));
  return { unit, gradients, moments: [tf.scalar(7)] };
}

/** Two workers with the same gradients, and the sizes that they exchange. */
function twins(): { group: WorkerGroup; exchanged: [string, number[]][] } {
  const exchanged: [string, number[]][] = [];
  const group: WorkerGroup = {
    ...loneWorker,
    size: 2,
    sum(x, name): Tensor {
      exchanged.push([name, x.shape]);
      return tf.mul(x, 2);
    },
  };
  return { group, exchanged };
}

Deno.test("gradients are summed in buckets of at most 4 MiB and come back in their shapes and order", () => {
  const { group, exchanged } = twins();
  const updates = [updateOf([3, 3, 2, 5], [5]), updateOf([1100, 1000], [7])];
  const sums = sumGradients(group, updates);
  const wanted = [updateOf([3, 3, 2, 5], [5]), updateOf([1100, 1000], [7])];
  sums.forEach(({ gradients, moments }, u) => {
    gradients.forEach((gradient, i) => {
      assertEquals(gradient.shape, wanted[u].gradients[i].shape);
      const [is, should] = [gradient.dataSync(), wanted[u].gradients[i].dataSync()];
      assert(is.every((value, k) => value === 2 * should[k]));
    });
    assertEquals([...moments[0].dataSync()], [7]);
  });
  // 1,100,102 values, filled up to a multiple of 65,536
  assertEquals(exchanged, [["gradients 0 of 1048576", [1_048_576]], ["gradients 1 of 65536", [65_536]]]);
});

Deno.test("a lone worker's gradients are its own, and nothing is exchanged", () => {
  const updates = [updateOf([2, 2])];
  assert(sumGradients(loneWorker, updates) === updates);
});
