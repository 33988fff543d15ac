import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { convolve, type ConvShape, convWeightShape } from "../../lib/nn/conv.ts";
import { globalAveragePool, maxPool } from "../../lib/nn/pool.ts";
import { relu } from "../../lib/nn/relu.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { assertGradients, normalTensor } from "../helpers/gradients.ts";

await useCpuBackend();

/** Convolution from its definition, zeros outside the image. */
function naiveConv(x: Tensor, weight: Tensor, { kind, kernel, stride, outChannels }: ConvShape): number[] {
  const [batch, height, width, channels] = x.shape;
  const [xs, ws] = [x.arraySync() as number[][][][], weight.arraySync() as number[][][][]];
  const half = kernel >> 1;
  const values: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < height; row += stride) {
      for (let column = 0; column < width; column += stride) {
        for (let o = 0; o < outChannels; o++) {
          let sum = 0;
          for (let i = 0; i < kernel * kernel; i++) {
            const [ky, kx] = [Math.floor(i / kernel), i % kernel];
            const pixel = xs[n][row + ky - half]?.[column + kx - half];
            if (pixel === undefined) continue;
            if (kind === "depthwise") sum += pixel[o] * ws[ky][kx][o][0];
            else for (let c = 0; c < channels; c++) sum += pixel[c] * ws[ky][kx][c][o];
          }
          values.push(sum);
        }
      }
    }
  }
  return values;
}

Deno.test("convolve() pads kernel >> 1 on each side: all kinds, kernels, strides, even and odd sizes", () => {
  for (const kind of ["conv", "depthwise"] as const) {
    for (const kernel of [3, 5, 7]) {
      for (const stride of [1, 2] as const) {
        for (const [height, width] of [[6, 8], [7, 5], [7, 4], [2, 1]]) {
          const layer = { kind, kernel, stride, inChannels: 2, outChannels: kind === "conv" ? 3 : 2 };
          const x = normalTensor([1, height, width, 2], "x");
          const weight = normalTensor(convWeightShape(layer), "weight");
          const y = convolve(x, weight, layer);
          assertEquals(y.shape, [
            1,
            Math.ceil(height / stride),
            Math.ceil(width / stride),
            layer.outChannels,
          ]);
          assertClose(y, naiveConv(x, weight, layer), `${kind} ${kernel}/${stride} on ${height}x${width}`);
        }
      }
    }
  }
});

Deno.test("convolve()'s gradients agree with differences where zeros are added to the image or the weight", () => {
  const weights = normalTensor([1, 2, 3, 2], "weights");
  for (const kernel of [3, 5]) {
    const layer = { kind: "depthwise", kernel, stride: 2, inChannels: 2, outChannels: 2 } as const;
    assertGradients(
      (x, weight) => tf.sum(tf.mul(convolve(x, weight, layer), weights)),
      [normalTensor([1, 4, 5, 2], "x"), normalTensor([kernel, kernel, 2, 1], "weight")],
    );
  }
});

Deno.test("relu() passes gradients where the input is above 0, and none at 0", () => {
  const x = tf.tensor1d([-1, 0, 2]);
  assertClose(relu(x), [0, 0, 2]);
  assertClose(tf.grad((x: Tensor) => relu(x))(x, tf.tensor1d([5, 6, 7])), [0, 0, 7]);
});

Deno.test("globalAveragePool() and its gradient agree with the mean", () => {
  const x = normalTensor([2, 3, 5, 2], "x");
  assertClose(globalAveragePool(x), tf.mean(x, [1, 2]).dataSync());
  const weights = normalTensor([2, 2], "weights");
  assertGradients((x) => tf.sum(tf.mul(globalAveragePool(x), weights)), [x]);
});

Deno.test("maxPool() takes the largest of what a window holds of the image, negative or not, at even and odd sizes", () => {
  for (const [height, width] of [[6, 4], [5, 7], [4, 3], [1, 2]]) {
    const x = tf.sub(normalTensor([2, height, width, 2], "x"), 3);
    const pixels = x.arraySync() as number[][][][];
    const wanted = pixels.flatMap((image) =>
      image.flatMap((_, row) =>
        row % 2 === 1 ? [] : image[row].flatMap((_, column) => {
          if (column % 2 === 1) return [];
          const near = (i: number, centre: number): boolean => Math.abs(i - centre) <= 1;
          const window = image.filter((_, i) => near(i, row)).flatMap((line) =>
            line.filter((_, j) => near(j, column))
          );
          return [0, 1].map((channel) => Math.max(...window.map((pixel) => pixel[channel])));
        })
      )
    );
    const y = maxPool(x);
    assertEquals(y.shape, [2, Math.ceil(height / 2), Math.ceil(width / 2), 2]);
    assertClose(y, wanted, `${height}x${width}`);
  }
});

Deno.test("maxPool()'s gradient agrees with differences, and of equals goes to the first", () => {
  const weights = normalTensor([1, 2, 3, 2], "weights");
  assertGradients((x) => tf.sum(tf.mul(maxPool(x), weights)), [normalTensor([1, 4, 5, 2], "x")], 1e-3);
  const equal = tf.grad((x: Tensor) => maxPool(x))(tf.ones([1, 2, 3, 1]), tf.tensor4d([3, 5], [1, 1, 2, 1]));
  assertClose(equal, [3, 5, 0, 0, 0, 0]);
});
