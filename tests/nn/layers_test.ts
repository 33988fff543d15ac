import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { convolve, type ConvShape, convWeightShape } from "../../lib/nn/conv.ts";
import { globalAveragePool } from "../../lib/nn/pool.ts";
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
