import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import {
  enlargementGradient,
  softmaxCrossEntropyOf,
  sparseProduct,
} from "../../lib/engine/deterministic_kernels.ts";
import { assertClose } from "../helpers/close.ts";
import { onHost, testDevice, useEngine } from "../helpers/engine.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";
import { softmaxCrossEntropy, sparseMatMul } from "../../lib/nn/custom_kernels.ts";

const engine = await useEngine();

/** What the replacement gives, and what TensorFlow's own operation gives. */
const pairs: Record<string, [replacement: () => Tensor[], original: () => Tensor[]]> = {
  "softmaxCrossEntropyOf()": crossEntropies(
    () => normalTensor([4, 5], "logits"),
    () => tf.softmax(normalTensor([4, 5], "labels")),
  ),
  "softmaxCrossEntropyOf() of extreme logits": crossEntropies(
    () => tf.tensor2d([[1000, -1000], [-80, 80]]),
    () => tf.tensor2d([[0, 1], [0, 1]]),
  ),
  "sparseProduct(), with a place named twice and a row without entries": sparseProducts(false),
  "sparseProduct() of the transpose": sparseProducts(true),
  "enlargementGradient() by two": enlargements(2, 2),
  "enlargementGradient() by three rows and one column": enlargements(3, 1),
};

function crossEntropies(logits: () => Tensor, labels: () => Tensor): [() => Tensor[], () => Tensor[]] {
  return [() => softmaxCrossEntropyOf(logits(), labels()), () => {
    const { loss, dLogits } = softmaxCrossEntropy(logits(), labels());
    return [loss, dLogits];
  }];
}

function sparseProducts(transposed: boolean): [() => Tensor[], () => Tensor[]] {
  const indices = (): Tensor => tf.tensor2d([[0, 3], [0, 1], [0, 3], [2, 0]], [4, 2], "int32");
  const values = (): Tensor => tf.tensor1d([0.5, -1, 2, 3]);
  const dense = (): Tensor => normalTensor([transposed ? 3 : 4, 40], "dense");
  const [rows, columns] = [3, 4];
  return [
    () => [sparseProduct(indices(), values(), dense(), transposed ? columns : rows, transposed)],
    () => [sparseMatMul({ indices: indices(), values: values(), rows, columns }, dense(), transposed)],
  ];
}

function enlargements(rows: number, columns: number): [() => Tensor[], () => Tensor[]] {
  const dy = (): Tensor => normalTensor([2, 4 * rows, 3 * columns, 5], "dy");
  return [() => [enlargementGradient(dy(), [2, 4, 3, 5])], () => {
    const enlarged = (x: Tensor): Tensor =>
      tf.image.resizeNearestNeighbor(x as Tensor4D, [4 * rows, 3 * columns]);
    return [tf.grad(enlarged)(normalTensor([2, 4, 3, 5], "x"), dy())];
  }];
}

for (const [name, [replacement, original]] of Object.entries(pairs)) {
  Deno.test(`the replacement gives what the original gives: ${name}`, {
    ignore: testDevice === "gpu", // which refuses the original
  }, () => {
    const [actual, wanted] = [onHost(replacement), onHost(original)];
    assertEquals(actual.map(({ shape }) => shape), wanted.map(({ shape }) => shape));
    actual.forEach(({ values }, i) => assertClose(values, wanted[i].values, `tensor ${i}`));
  });

  Deno.test(`the replacement leaves nothing alive: ${name}`, () => {
    assertNoLeaks(engine, () => tf.dispose(tf.tidy(replacement)));
  });
}

Deno.test("enlargementGradient() refuses factors that are not whole", () => {
  tf.tidy(() => {
    assertThrows(
      () => enlargementGradient(tf.ones([1, 3, 4, 1]), [1, 2, 2, 1]),
      RangeError,
      "Cannot undo an enlargement of [1,2,2,1] to [1,3,4,1]",
    );
  });
});

if (testDevice === "gpu") {
  Deno.test("on a GPU the engine runs the replacements, and gives the same bits twice", () => {
    for (const [, original] of Object.values(pairs)) {
      const [once, again] = [onHost(original), onHost(original)];
      once.forEach(({ values }, i) => assertEquals(values, again[i].values));
    }
  });
}
