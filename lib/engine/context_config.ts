/**
 * The messages that TensorFlow's C API is given at its start, by field number.
 *
 * @module
 */
import { bytesField, numberField } from "../base/protobuf.ts";

/** What a TensorFlow context is told at its start. */
export interface ContextConfig {
  /** Threads inside one operation. CPU results depend on it (reductions are split by thread). */
  readonly intraOpThreads: number;
  /** Operations at the same time. */
  readonly interOpThreads: number;
  /** Whether GPUs are used at all. */
  readonly isGpuVisible: boolean;
  /** Encoded fields that a group of workers adds; none by default. */
  readonly groupFields?: readonly number[];
}

/** A `ConfigProto` (device_count = 1, intra_op = 2, inter_op = 5, gpu_options = 6 { allow_growth = 4 }). */
export function configProto(config: ContextConfig): Uint8Array<ArrayBuffer> {
  const noGpu = bytesField(1, [...bytesField(1, "GPU"), ...numberField(2, 0)]);
  return new Uint8Array([
    ...(config.isGpuVisible ? [] : noGpu),
    ...numberField(2, config.intraOpThreads),
    ...numberField(5, config.interOpThreads),
    ...bytesField(6, numberField(4, 1)),
    ...(config.groupFields ?? []),
  ]);
}
