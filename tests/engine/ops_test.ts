import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { assertClose } from "../helpers/close.ts";
import { type HostTensor, onCpu, onHost, useEngine } from "../helpers/engine.ts";
import { normalTensor } from "../helpers/gradients.ts";

await useEngine();

/**
 * Operations with float inputs of these shapes; gradients of all inputs are compared too. tfjs's cpu backend is
 * itself wrong in three of them, which the shapes keep away from: average pooling's gradient at a padded border,
 * bilinear resizing's of an image that is not square, and nearest-neighbour resizing's.
 */
const differentiable: Record<string, [shapes: number[][], f: (x: Tensor, y: Tensor, z: Tensor) => Tensor]> = {
  "add with broadcasting": [[[2, 3, 4], [3, 1]], tf.add],
  "sub with broadcasting": [[[3], [2, 3]], tf.sub],
  "mul with broadcasting": [[[2, 1, 4], [3, 1]], tf.mul],
  "div": [[[2, 3], [3]], (x, y) => tf.div(x, tf.add(tf.square(y), 1))],
  "maximum": [[[4, 5], [4, 5]], tf.maximum],
  "minimum": [[[4, 5], [4, 5]], tf.minimum],
  "squaredDifference": [[[4, 5], [4, 5]], tf.squaredDifference],
  "pow": [[[4, 3]], (x) => tf.pow(tf.abs(x), 1.7)],
  "sqrt and rsqrt": [[[4, 3]], (x) => tf.add(tf.sqrt(tf.abs(x)), tf.rsqrt(tf.add(tf.abs(x), 1)))],
  "exp and log": [[[4, 3]], (x) => tf.log(tf.add(tf.exp(x), 2))],
  "expm1 and log1p": [[[4, 3]], (x) => tf.log1p(tf.expm1(tf.abs(x)))],
  "sin, cos and tan": [[[4, 3]], (x) => tf.add(tf.sin(x), tf.mul(tf.cos(x), tf.tan(tf.mul(x, 0.3))))],
  "tanh": [[[4, 3]], tf.tanh],
  "sigmoid": [[[4, 3]], tf.sigmoid],
  "softplus": [[[4, 3]], tf.softplus],
  "relu": [[[4, 3]], tf.relu],
  "relu6": [[[4, 3]], (x) => tf.relu6(tf.mul(x, 5))],
  "elu": [[[4, 3]], tf.elu],
  "leakyRelu": [[[4, 3]], (x) => tf.leakyRelu(x, 0.1)],
  "prelu": [[[4, 3], [3]], tf.prelu],
  "clipByValue": [[[4, 3]], (x) => tf.clipByValue(x, -0.5, 0.7)],
  "where": [
    [[4, 3], [4, 3]],
    (x, y) => tf.where(tf.greater(normalTensor([4, 3], "condition"), 0), x, tf.mul(y, 2)),
  ],
  "matMul": [[[3, 4], [4, 5]], (x, y) => tf.matMul(x, y)],
  "matMul, transposed, in batches": [[[2, 4, 3], [2, 5, 4]], (x, y) => tf.matMul(x, y, true, true)],
  "conv2d, same": [
    [[2, 7, 6, 3], [3, 3, 3, 4]],
    (x, w) => tf.conv2d(x as Tensor4D, w as Tensor4D, 1, "same"),
  ],
  "conv2d, stride 2, valid": [
    [[2, 8, 9, 3], [3, 3, 3, 4]],
    (x, w) => tf.conv2d(x as Tensor4D, w as Tensor4D, 2, "valid"),
  ],
  "conv2d, 1 x 1": [
    [[2, 5, 5, 3], [1, 1, 3, 6]],
    (x, w) => tf.conv2d(x as Tensor4D, w as Tensor4D, 1, "same"),
  ],
  "depthwiseConv2d, 5 x 5": [
    [[2, 7, 6, 3], [5, 5, 3, 1]],
    (x, w) => tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, 1, "same"),
  ],
  "depthwiseConv2d, stride 2": [
    [[2, 7, 7, 3], [3, 3, 3, 1]],
    (x, w) => tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, 2, "same"),
  ],
  "conv2dTranspose": [
    [[2, 4, 4, 3], [3, 3, 5, 3]],
    (x, w) => tf.conv2dTranspose(x as Tensor4D, w as Tensor4D, [2, 8, 8, 5], 2, "same"),
  ],
  "avgPool": [[[2, 7, 6, 3]], (x) => tf.avgPool(x as Tensor4D, 3, 2, "valid")],
  "maxPool": [[[2, 7, 6, 3]], (x) => tf.maxPool(x as Tensor4D, 3, 2, "valid")],
  "batchNorm": [
    [[2, 5, 5, 3], [3], [3]],
    (x, mean, scale) =>
      tf.batchNorm(
        x,
        mean as Tensor1D,
        tf.add(tf.square(mean), 1) as Tensor1D,
        mean as Tensor1D,
        scale as Tensor1D,
      ),
  ],
  "slice": [[[4, 5, 2]], (x) => tf.slice(x, [1, 0, 1], [2, 4, 1])],
  "concat": [[[2, 3], [2, 1]], (x, y) => tf.concat([x, y, x], 1)],
  "stack": [[[2, 3], [2, 3]], (x, y) => tf.stack([x, y], 1)],
  "unstack": [[[2, 3, 4]], (x) => tf.sub(...tf.unstack(x, 0) as [Tensor, Tensor])],
  "split": [
    [[2, 7]],
    (x) =>
      tf.matMul(
        ...tf.split(x, [3, 4], 1).map((part) => tf.pad(part, [[0, 0], [0, 7 - part.shape[1]!]])) as [
          Tensor,
          Tensor,
        ],
        false,
        true,
      ),
  ],
  "pad": [[[2, 3]], (x) => tf.pad(x, [[1, 0], [2, 1]], 3)],
  "mirrorPad": [[[3, 4]], (x) => tf.mirrorPad(x, [[1, 1], [2, 0]], "reflect")],
  "reverse": [[[2, 3, 4]], (x) => tf.reverse(x, [0, 2])],
  "tile": [[[2, 3]], (x) => tf.tile(x, [2, 3])],
  "transpose": [[[2, 3, 4]], (x) => tf.transpose(x, [2, 0, 1])],
  "reshape and expandDims": [[[2, 6]], (x) => tf.expandDims(tf.reshape(x, [3, 4]), 1)],
  "gather": [[[5, 3]], (x) => tf.gather(x, tf.tensor1d([4, 0, 4, 1], "int32"), 0)],
  "sum": [[[2, 3, 4]], (x) => tf.sum(x, [0, 2])],
  "mean": [[[2, 3, 4]], (x) => tf.mean(x, 1, true)],
  "max": [[[2, 3, 4]], (x) => tf.max(x, [1, 2])],
  "min": [[[2, 3, 4]], (x) => tf.min(x, 0)],
  "prod": [[[2, 3]], (x) => tf.prod(x, 1)],
  "cumsum": [[[3, 4]], (x) => tf.cumsum(x, 1, true, true)],
  "logSumExp": [[[3, 4]], (x) => tf.logSumExp(x, 1)],
  "softmax": [[[3, 4]], (x) => tf.softmax(x)],
  "logSoftmax": [[[3, 4]], (x) => tf.logSoftmax(x)],
  "resizeBilinear, half-pixel centres": [
    [[2, 3, 3, 2]],
    (x) => tf.image.resizeBilinear(x as Tensor4D, [6, 7], false, true),
  ],
  "resizeBilinear, aligned corners": [
    [[2, 5, 5, 2]],
    (x) => tf.image.resizeBilinear(x as Tensor4D, [3, 4], true),
  ],
  "localResponseNormalization": [[[2, 3, 3, 6]], (x) => tf.localResponseNormalization(x as Tensor4D, 2)],
  "spaceToBatchND": [[[1, 4, 6, 2]], (x) => tf.spaceToBatchND(x, [2, 3], [[0, 0], [0, 0]])],
  "unsortedSegmentSum": [[[4, 3]], (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 1, 2], "int32"), 3)],
};

/** Operations without gradients, or with other inputs than floats. */
const others: Record<string, () => Tensor[]> = {
  "comparisons": () => {
    const [x, y] = [tf.tensor1d([1, 2, NaN, 3]), tf.tensor1d([1, 3, NaN, 2])];
    return [tf.equal, tf.notEqual, tf.less, tf.lessEqual, tf.greater, tf.greaterEqual].map((f) => f(x, y));
  },
  "logical operations": () => {
    const [x, y] = [tf.tensor1d([true, true, false, false]), tf.tensor1d([true, false, true, false])];
    return [
      tf.logicalAnd(x, y),
      tf.logicalOr(x, y),
      tf.logicalXor(x, y),
      tf.logicalNot(x),
      tf.all(x),
      tf.any(x),
    ];
  },
  "casts": () => {
    const x = tf.tensor1d([-1.7, 0, 0.5, 3.9]);
    return [tf.cast(x, "int32"), tf.cast(x, "bool"), tf.cast(tf.cast(x, "int32"), "float32")];
  },
  "rounding": () => {
    const x = tf.tensor1d([-2.5, -1.4, -0.5, 0.5, 1.5, 2.6]);
    return [tf.floor(x), tf.ceil(x), tf.round(x), tf.sign(x), tf.round(tf.cast(x, "int32"))];
  },
  "int32 arithmetic": () => {
    const [x, y] = [tf.tensor1d([7, -7, 6], "int32"), tf.tensor1d([2, 2, -4], "int32")];
    return [
      tf.add(x, y),
      tf.mul(x, y),
      tf.floorDiv(x, y),
      tf.mod(x, y),
      tf.maximum(x, y),
      tf.neg(x),
      tf.sum(x),
    ];
  },
  "means of int32 and bool are float32": () => [
    tf.mean(tf.tensor1d([1, 2, 4], "int32")),
    tf.mean(tf.tensor2d([1, 0, 1, 1], [2, 2], "bool"), 0),
  ],
  "exp of int32": () => {
    const x = tf.tensor1d([0, 1, 2], "int32");
    return [tf.exp(x), x]; // tfjs-node's own disposes x
  },
  "argMax, argMin and topk": () => {
    const x = normalTensor([4, 7], "x");
    const { values, indices } = tf.topk(x, 3);
    return [tf.argMax(x, 1), tf.argMin(x, 0), values, indices];
  },
  "oneHot": () => [tf.oneHot(tf.tensor1d([2, 0, 5], "int32"), 3, 0.9, 0.1)],
  "gather of int32": () => [tf.gather(tf.tensor1d([5, 6, 7], "int32"), tf.tensor2d([2, 0], [1, 2], "int32"))],
  "scatterND": () => [tf.scatterND(tf.tensor2d([[1], [3]], [2, 1], "int32"), tf.tensor1d([5, 6]), [5])],
  "range, linspace, fill, eye":
    () => [tf.range(2, 9, 3), tf.linspace(0, 1, 5), tf.fill([2, 2], 7), tf.eye(3)],
  "einsum": () => [tf.einsum("bij,jk->bik", normalTensor([2, 3, 4], "x"), normalTensor([4, 5], "y"))],
  "gatherND": () => [tf.gatherND(normalTensor([5, 3], "x"), tf.tensor2d([[4, 1], [0, 2]], [2, 2], "int32"))],
  "stridedSlice": () => [
    tf.stridedSlice(normalTensor([6, 7], "x"), [1, 6], [5, 0], [2, -3]),
    tf.stridedSlice(normalTensor([6, 7], "x"), [1, 2], [5, 6], [2, 1], 1, 2),
  ],
  "resizeNearestNeighbor": () => [
    tf.image.resizeNearestNeighbor(normalTensor([2, 3, 4, 2], "x") as Tensor4D, [6, 8]),
    tf.image.resizeNearestNeighbor(normalTensor([2, 6, 5, 2], "x") as Tensor4D, [3, 4], true),
  ],
  "not-a-number and infinity": () => {
    const x = tf.tensor1d([NaN, Infinity, -Infinity, 0]);
    return [tf.isNaN(x), tf.isInf(x), tf.isFinite(x)];
  },
  "complex numbers": () => {
    const z = tf.complex(normalTensor([2, 4], "re"), normalTensor([2, 4], "im"));
    const spectrum = tf.fft(z);
    return [tf.abs(z), tf.real(spectrum), tf.imag(spectrum), tf.real(tf.ifft(spectrum))];
  },
  "cropAndResize": () => [
    tf.image.cropAndResize(
      normalTensor([2, 6, 7, 2], "x") as Tensor4D,
      tf.tensor2d([[0, 0, 1, 1], [0.2, 0.1, 0.7, 0.9]]),
      tf.tensor1d([0, 1], "int32"),
      [3, 4],
    ),
  ],
  "depthToSpace": () => [tf.depthToSpace(normalTensor([1, 2, 3, 8], "x") as Tensor4D, 2, "NHWC")],
  "nonMaxSuppression": () => {
    const boxes = tf.tensor2d([[0, 0, 4, 4], [0, 1, 4, 5], [6, 6, 9, 9], [0, 0, 4, 4.1]]);
    return [tf.image.nonMaxSuppression(boxes, tf.tensor1d([0.5, 0.9, 0.3, 0.6]), 10, 0.5, 0.35)];
  },
  "bincount": () => [tf.bincount(tf.tensor1d([1, 1, 3, 0], "int32"), tf.tensor1d([]), 5)],
  "unique": () => Object.values(tf.unique(tf.tensor1d([3, 1, 3, 2], "int32"))),
  "conv2d fused with bias and relu": () => [
    tf.fused.conv2d({
      x: normalTensor([1, 5, 5, 2], "x") as Tensor4D,
      filter: normalTensor([3, 3, 2, 4], "w") as Tensor4D,
      bias: normalTensor([4], "b"),
      strides: 1,
      pad: "same",
      activation: "relu",
    }),
  ],
  "rank 3 images": () => [tf.image.resizeBilinear(normalTensor([4, 5, 3], "x") as Tensor3D, [2, 3])],
  "matMul of vectors": () => [tf.dot(normalTensor([3], "x"), normalTensor([3, 2], "y") as Tensor2D)],
};

/** The output, and its gradients under a random weighting. */
function withGradients(shapes: number[][], f: (x: Tensor, y: Tensor, z: Tensor) => Tensor): Tensor[] {
  const inputs = shapes.map((shape, i) => normalTensor(shape, `input ${i}`));
  const apply = f as (...inputs: Tensor[]) => Tensor;
  const y = apply(...inputs);
  const dy = normalTensor(y.shape, "dy");
  return [y, ...tf.grads((...xs: Tensor[]) => tf.sum(tf.mul(apply(...xs), dy)))(inputs)];
}

/** Same shapes, types and (to float32's precision over short sums) values. */
function assertSame(actual: HostTensor[], wanted: HostTensor[]): void {
  const kinds = (tensors: HostTensor[]): unknown => tensors.map(({ shape, dtype }) => ({ shape, dtype }));
  assertEquals(kinds(actual), kinds(wanted));
  actual.forEach(({ values }, i) => assertClose(values, wanted[i].values, `tensor ${i}`));
}

for (const [name, [shapes, f]] of Object.entries(differentiable)) {
  Deno.test(`tensorflow gives tfjs's values and gradients: ${name}`, async () => {
    const run = (): Tensor[] => withGradients(shapes, f);
    assertSame(onHost(run), await onCpu(run));
  });
}

for (const [name, run] of Object.entries(others)) {
  Deno.test(`tensorflow gives tfjs's values: ${name}`, async () => assertSame(onHost(run), await onCpu(run)));
}

Deno.test("the gradient of resizeNearestNeighbor() sums over each pixel's copies", () => {
  tf.tidy(() => {
    const dy = normalTensor([2, 6, 8, 2], "dy");
    const resized = (x: Tensor): Tensor => tf.image.resizeNearestNeighbor(x as Tensor4D, [6, 8]);
    const dx = tf.grad((x: Tensor) => tf.sum(tf.mul(resized(x), dy)))(normalTensor([2, 3, 4, 2], "x"));
    assertClose(dx, tf.sum(tf.reshape(dy, [2, 3, 2, 4, 2, 2]), [2, 4]).dataSync());
  });
});
