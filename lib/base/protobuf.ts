/**
 * The few protocol-buffer messages that TensorFlow's C API takes and gives, by field number.
 *
 * @module
 */

/** A field of a message: its number and its bytes (length-delimited) or number (varint). */
export type Field = readonly [number: number, value: Uint8Array | number];

/**
 * Reads a message's length-delimited and varint fields; fixed-size ones are skipped.
 *
 * @param message The message's bytes.
 */
export function* readFields(message: Uint8Array): Generator<Field> {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = message[offset++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (offset < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) yield [number, varint()];
    else if (tag % 8 === 2) {
      const length = varint();
      yield [number, message.subarray(offset, offset += length)];
    } else offset += tag % 8 === 5 ? 4 : 8;
  }
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** A varint field. */
export function numberField(number: number, value: number): number[] {
  return [...varintBytes(number * 8), ...varintBytes(value)];
}

/** A length-delimited field: a string, or a message's bytes. */
export function bytesField(number: number, value: string | readonly number[]): number[] {
  const bytes = typeof value === "string" ? [...new TextEncoder().encode(value)] : value;
  return [...varintBytes(number * 8 + 2), ...varintBytes(bytes.length), ...bytes];
}

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
