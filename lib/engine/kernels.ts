/**
 * Kernels that this project's layers need beyond tfjs's own, as TensorFlow operations. `nn` names them and says
 * what they take and give; here they run.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { AttributeType, type OpAttribute } from "./attributes.ts";
import type { TensorFlowBackend } from "./backend.ts";
import { DataType } from "./data_type.ts";
import {
  registerDeterministicKernels,
  softmaxCrossEntropyOf,
  sparseProduct,
} from "./deterministic_kernels.ts";

/** Registers the kernels for the backend `tensorflow`. */
export function registerKernels(backend: TensorFlowBackend): void {
  const isGpu = backend.binding.isUsingGpuDevice();
  if (isGpu) registerDeterministicKernels();
  register("DetnasBatchNormTraining", ({ inputs, attrs }) => {
    const none = tf.zeros([0]); // no running statistics come in: exponential_avg_factor is 1
    const outputs = run(
      backend,
      "FusedBatchNormV3",
      [
        ...batchNormAttributes(attrs.epsilon as number),
        { name: "exponential_avg_factor", type: AttributeType.float, value: 1 },
      ],
      [inputs.x, inputs.scale, inputs.shift, none, none],
      6,
    );
    none.dispose();
    return outputs;
  });
  register("DetnasBatchNormTrainingGrad", ({ inputs, attrs }) => {
    const { dy, x, scale, savedMean, savedSecond, savedThird } = inputs;
    const outputs = run(
      backend,
      "FusedBatchNormGradV3",
      batchNormAttributes(attrs.epsilon as number),
      [dy, x, scale, savedMean, savedSecond, savedThird],
      5,
    );
    outputs.slice(3).forEach((unused) => unused.dispose());
    return outputs.slice(0, 3);
  });
  register(
    "DetnasReluGrad",
    ({ inputs }) => run(backend, "ReluGrad", [floatType("T")], [inputs.dy, inputs.y], 1)[0],
  );
  register(
    "DetnasSoftmaxCrossEntropy",
    ({ inputs: { logits, labels } }) =>
      isGpu
        ? softmaxCrossEntropyOf(logits as Tensor, labels as Tensor)
        : run(backend, "SoftmaxCrossEntropyWithLogits", [floatType("T")], [logits, labels], 2),
  );
  register(
    "DetnasSparseMatMul",
    ({ inputs, attrs }) =>
      backend.binding.isUsingGpuDevice()
        ? sparseProductOf(inputs, attrs)
        : sparseMatMul(backend, inputs, attrs),
  );
}

function sparseProductOf(
  { indices, values, dense }: KernelArguments["inputs"],
  { rows, columns, transposed }: KernelArguments["attrs"],
): Tensor {
  const resultRows = (transposed ? columns : rows) as number;
  return sparseProduct(
    indices as Tensor,
    values as Tensor,
    dense as Tensor,
    resultRows,
    transposed as boolean,
  );
}

/** The matrix's shape goes in as int64, which tfjs has no tensors of: the id is made and deleted here. */
function sparseMatMul(
  backend: TensorFlowBackend,
  inputs: KernelArguments["inputs"],
  { rows, columns, transposed }: KernelArguments["attrs"],
): Tensor {
  const { binding } = backend;
  // int64 values come as pairs of int32, low and high.
  const shape = binding.createTensor(
    [2],
    DataType.int64,
    Int32Array.of(rows as number, 0, columns as number, 0),
  );
  try {
    const [indices, values, dense] = backend.getInputTensorIds([inputs.indices, inputs.values, inputs.dense]);
    const attributes: OpAttribute[] = [
      floatType("T"),
      { name: "Tindices", type: AttributeType.type, value: DataType.int32 },
      { name: "adjoint_a", type: AttributeType.bool, value: transposed as boolean },
      { name: "adjoint_b", type: AttributeType.bool, value: false },
    ];
    const ids = [indices, values, shape, dense];
    return runOnIds(backend, "SparseTensorDenseMatMul", attributes, ids, 1)[0];
  } finally {
    binding.deleteTensor(shape);
  }
}

interface KernelArguments {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
}

function register(kernelName: string, kernel: (args: KernelArguments) => Tensor | Tensor[]): void {
  tf.registerKernel({
    kernelName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs }) =>
      kernel({ inputs: inputs as Record<string, TensorInfo>, attrs: attrs ?? {} }),
  });
}

function run(
  backend: TensorFlowBackend,
  name: string,
  attributes: OpAttribute[],
  inputs: readonly (Tensor | TensorInfo)[],
  outputCount: number,
): Tensor[] {
  return runOnIds(backend, name, attributes, backend.getInputTensorIds(inputs), outputCount);
}

function runOnIds(
  backend: TensorFlowBackend,
  name: string,
  attributes: OpAttribute[],
  ids: number[],
  outputCount: number,
): Tensor[] {
  const { binding } = backend;
  return binding.executeOp(
    name,
    attributes as Parameters<typeof binding.executeOp>[1],
    ids,
    outputCount,
  )
    .map((metadata) => backend.createOutputTensor(metadata));
}

function floatType(name: string): OpAttribute {
  return { name, type: AttributeType.type, value: DataType.float32 };
}

function batchNormAttributes(epsilon: number): OpAttribute[] {
  return [
    floatType("T"),
    floatType("U"),
    { name: "epsilon", type: AttributeType.float, value: epsilon },
    { name: "data_format", type: AttributeType.string, value: "NHWC" },
    { name: "is_training", type: AttributeType.bool, value: true },
  ];
}

/**
 * Uploads a batch of images and turns it into floats on the device.
 *
 * @param images `[N, H, W, 3]` uint8, as many values as the shape holds.
 * @returns `[N, H, W, 3]` float32 in 0..255; the caller owns it.
 */
export function uploadImages(
  backend: TensorFlowBackend,
  images: Uint8Array,
  shape: readonly number[],
): Tensor {
  const { binding } = backend;
  const bytes = binding.createTensor([...shape], DataType.uint8, images);
  try {
    const [floats] = binding.executeOp(
      "Cast",
      [
        { name: "SrcT", type: AttributeType.type, value: DataType.uint8 },
        { name: "DstT", type: AttributeType.type, value: DataType.float32 },
        { name: "Truncate", type: AttributeType.bool, value: false },
      ],
      [bytes],
      1,
    );
    return backend.createOutputTensor(floats);
  } finally {
    binding.deleteTensor(bytes);
  }
}
