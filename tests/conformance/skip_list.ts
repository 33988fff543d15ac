/**
 * The specs of tfjs-core's suite that are not run on libtensorflow, each with its reason: a part of tfjs-node's
 * own list (dist/run_tests.js in tfjs-node-gpu 4.22), 18 of whose entries pass here.
 *
 * @module
 */

/** Specs that are not run. */
export interface Skip {
  /** Why not. */
  readonly reason: string;
  /** Parts of their full names. */
  readonly specs: readonly string[];
}

/** All that are not run. */
export const skips: readonly Skip[] = [
  {
    reason: "tfjs-node has no kernel for it",
    specs: [
      "bitwiseAnd",
      "denseBincount",
      "image.transform",
      "lowerBound",
      "maxPoolWithArgmax",
      "raggedGather",
      "raggedRange",
      "raggedTensorToTensor",
      "searchSorted",
      "sparseFillEmptyRows",
      "sparseReshape",
      "sparseSegmentMean",
      "sparseSegmentSum",
      "stringNGrams",
      "stringSplit",
      "stringToHashBucketFast",
      "upperBound",
    ],
  },
  {
    reason: "tfjs-node's pooling kernels pad only as `valid` and `same`",
    specs: [
      "avgPool test-tensorflow {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit",
      "avgPool test-tensorflow {} x=[2,2,3] f=[1,1] s=2 p=1 dimRoundingMode=floor",
      "avgPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 default dimRoundingMode",
      "avgPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=ceil",
      "avgPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=floor",
      "avgPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=round",
      "avgPool test-tensorflow {} x=[3,3,1] f=[3,3] s=1 p=explicit",
      "avgPool3d test-tensorflow {} x=[1,1,1,1,1] f=[2,2,2] s=1 p=2",
      "avgPool3d test-tensorflow {} x=[1,2,2,2,1] f=[2,2,2] s=1 p=1 roundingMode=floor",
      "maxPool test-tensorflow {} x=[2,2,3] f=[1,1] s=2 p=1 dimRoundingMode=floor",
      "maxPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 default dimRoundingMode",
      "maxPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=ceil",
      "maxPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=floor",
      "maxPool test-tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=round",
      "maxPool test-tensorflow {} x=[3,3,1] f=[3,3] s=1 p=explicit",
      "maxPool3d test-tensorflow {} x=[1,2,2,2,1] f=[2,2,2] s=1 p=1 roundingMode=floor",
      "maxPoolBackprop test-tensorflow {} gradient x=[3,3,1] f=3 s=1 p=explicit",
      "pool test-tensorflow {} avg x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding",
      "pool test-tensorflow {} avg x=[3,3,1] f=[3,3] s=1 d=1 p=explicit",
      "pool test-tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit defualt dimRoundingMode",
      "pool test-tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=floor",
      "pool test-tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=round",
      "pool test-tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=ceil",
      "pool test-tensorflow {} max x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding",
      "pool test-tensorflow {} max x=[3,3,1] f=[3,3] s=1 d=1 p=explicit",
      "pool test-tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit defualt dimRoundingMode",
      "pool test-tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=floor",
      "pool test-tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=round",
      "pool test-tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=ceil",
    ],
  },
  {
    reason: "tfjs-node's transposed convolution pads only as `valid` and `same`",
    specs: [
      "conv2dTranspose test-tensorflow {} gradient input=[1,3,3,1] f=[2,2,2,1] s=[1,1] p=explicit",
      "conv2dTranspose test-tensorflow {} input=3x3x1,d2=1,f=2,s=2,p=explicit",
    ],
  },
  {
    reason: "tfjs-node's fused convolution takes NHWC only",
    specs: [
      "fused conv2d test-tensorflow {} basic in NCHW",
      "fused conv2d test-tensorflow {} batch in NCHW",
      "fused conv2d test-tensorflow {} im2row in NCHW",
    ],
  },
  {
    reason: "TensorFlow refuses shapes that tfjs lets pass: an output below zero, a gradient of another size",
    specs: [
      "avgPool3d test-tensorflow {} x=[1,1,1,1,1] f=[1,1,3] s=1 p=valid",
      "conv2dTranspose test-tensorflow {} input=8x8x8,output=4x4x8,f=8,s=1,inDepth=8,p=same vec4",
    ],
  },
  {
    reason: "TensorFlow reads indices of rank 1 as one index, tfjs as a list of indices",
    specs: [
      "scatterND test-tensorflow {} should sum the duplicated indices",
      "scatterND test-tensorflow {} should work for 2d",
      "scatterND test-tensorflow {} should work for multiple 1d",
      "scatterND test-tensorflow {} should work for simple 1d",
      "scatterND test-tensorflow {} should work for tensorLike input",
    ],
  },
  {
    reason: "TensorFlow's operation does not take this data type",
    specs: [
      "diag test-tensorflow {} bool",
      "greater test-tensorflow {} should support string comparison",
      "greaterEqual test-tensorflow {} should support string comparison",
      "leakyrelu test-tensorflow {} int32",
      "less test-tensorflow {} should support string comparison",
      "lessEqual test-tensorflow {} should support string comparison",
      "step kernel test-tensorflow {} with int32 tensor",
    ],
  },
  {
    reason: "TensorFlow keeps NaN where tfjs gives 0 (sign), and counts each NaN as unique",
    specs: [
      "sign test-tensorflow {} accepts a tensor-like object",
      "sign test-tensorflow {} basic",
      "sign test-tensorflow {} does not propagate NaNs",
      "unique test-tensorflow {} 1d tensor with NaN and Infinity",
    ],
  },
  {
    reason: "TensorFlow's einsum can do what tfjs's own refuses",
    specs: [
      "einsum test-tensorflow {} 2d matrix calculate trace: duplicate axes not implemented yet",
      "einsum test-tensorflow {} nonexistent dimension throws error",
    ],
  },
  {
    reason: "TensorFlow's draws go on from call to call with the same seed",
    specs: ["multinomial test-tensorflow {} creates the same data given the same seed"],
  },
  {
    reason: "the spec wants 3e4 to 1e-3, more than float32 holds; the kernels differ in the last bit",
    specs: ["tan test-tensorflow {} numbers exceed float32 precision"],
  },
];

/**
 * Why a spec is not run, or null if it is.
 *
 * @param name The spec's full name.
 */
export function skipReason(name: string): string | null {
  return skips.find((skip) => skip.specs.some((part) => name.includes(part)))?.reason ?? null;
}
