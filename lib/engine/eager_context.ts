/**
 * TensorFlow's eager context: host memory to tensor handles and back, and operations on handles.
 *
 * @module
 */
import {
  type AttributeSetters,
  AttributeType,
  eagerSetters,
  type OpAttribute,
  setAttribute,
} from "./attributes.ts";
import { bytesPerElement, DataType, fromBytes, type NumericValues, toBytes } from "./data_type.ts";
import { type Group, groupFields, serverDef, taskName } from "./group_config.ts";
import { configProto, type ContextConfig } from "./context_config.ts";
import { cString, type TensorFlowLibrary } from "./tensorflow_library.ts";

/** A device that the context sees. */
export interface Device {
  /** e.g. `/job:localhost/replica:0/task:0/device:CPU:0`. */
  readonly name: string;
  /** `CPU`, `GPU`. */
  readonly type: string;
}

/** Values that tfjs reads and writes: numbers, or one byte string an element. */
export type HostValues = NumericValues | readonly Uint8Array[];

const TSTRING_BYTES = 24; // sizeof(TF_TString), tensorflow/core/platform/ctstring_internal.h

/** The eager context. Handles made by it are the caller's; it is disposed after them. */
export class EagerContext implements Disposable {
  readonly library: TensorFlowLibrary;
  readonly pointer: Deno.PointerObject;
  #devices: readonly Device[];
  #setters: AttributeSetters;
  #opNames = new Map<string, Uint8Array<ArrayBuffer>>();
  #outputs = new BigUint64Array(4096);
  #outputCount = new Int32Array(1);
  #functionCount = 0;

  /** @throws {TensorFlowError} If TensorFlow refuses the configuration. */
  constructor(library: TensorFlowLibrary, config: ContextConfig) {
    this.library = library;
    this.pointer = newContext(library, config);
    this.#devices = listDevices(library, this.pointer);
    this.#setters = eagerSetters(library);
  }

  /**
   * Opens a context that belongs to a group of workers, and waits for the others.
   *
   * @param config Without the group's fields.
   * @throws {TensorFlowError} If the address is taken.
   * @throws {Error} If the others don't come in time. TensorFlow then goes on waiting, so that the process must end.
   */
  static async joining(
    library: TensorFlowLibrary,
    config: ContextConfig,
    group: Group,
  ): Promise<EagerContext> {
    const whole = { ...config, groupFields: groupFields(group) };
    const context = new EagerContext(library, whole);
    const server = serverDef(group, configProto(whole));
    const { symbols: c, status } = library;
    const joined = c.TFE_EnableCollectiveOps(context.pointer, server, BigInt(server.length), status);
    await within(group.joinMs, joined, `the other workers of ${group.addresses.join(", ")} have not come`);
    library.check("EnableCollectiveOps");
    // Devices have new names now, and the other workers' are among them.
    const own = `${taskName(group.rank)}/`;
    context.#devices = listDevices(library, context.pointer).filter(({ name }) => name.startsWith(own));
    return context;
  }

  /** This process's. */
  get devices(): readonly Device[] {
    return this.#devices;
  }

  /** The device that work runs on: the first GPU, else the CPU. */
  get device(): Device {
    return this.devices.find((device) => device.type === "GPU") ?? this.devices[0];
  }

  /**
   * Copies host values into a new tensor handle.
   *
   * @param shape The tensor's shape.
   * @param dataType TensorFlow's number of the type.
   * @param values As many as the shape holds (int64: pairs of int32; complex64: pairs of float32).
   * @throws {RangeError} If their number does not fit the shape.
   */
  newHandle(shape: readonly number[], dataType: number, values: HostValues): Deno.PointerObject {
    if (dataType === DataType.string) return this.#stringHandle(shape, values as readonly Uint8Array[]);
    const tensor = this.#numericTensor(shape, dataType, toBytes(values as NumericValues, dataType));
    const handle = this.#takeOver(tensor);
    // As tfjs-node: shapes and indices stay on the host, where most kernels want them.
    return this.device.type !== "GPU" || dataType === DataType.int32 ? handle : this.#onDevice(handle);
  }

  /**
   * A handle over float32 values that lie in memory already (64-byte aligned, or TensorFlow copies them).
   *
   * @param deallocator Called with the memory, its length and `argument` when nobody needs it any more, in any thread.
   */
  adopt(
    shape: readonly number[],
    memory: Deno.PointerObject,
    deallocator: Deno.PointerObject,
    argument: Deno.PointerObject,
  ): Deno.PointerObject {
    const dims = BigInt64Array.from(shape, BigInt);
    const length = BigInt(elementCount(shape) * bytesPerElement(DataType.float32));
    const c = this.library.symbols;
    return this.#takeOver(
      c.TF_NewTensor(DataType.float32, dims, shape.length, memory, length, deallocator, argument)!,
    );
  }

  /** Copies a handle's values to the host; waits for pending work on them. */
  read(handle: Deno.PointerValue): HostValues {
    const c = this.library.symbols;
    const dataType = c.TFE_TensorHandleDataType(handle);
    const tensor = this.resolve(handle);
    try {
      const byteLength = Number(c.TF_TensorByteSize(tensor));
      if (dataType === DataType.string) return this.#readStrings(tensor, byteLength / TSTRING_BYTES);
      if (byteLength === 0) return fromBytes(new ArrayBuffer(0), dataType);
      const bytes = Deno.UnsafePointerView.getArrayBuffer(c.TF_TensorData(tensor)!, byteLength);
      return fromBytes(bytes.slice(0), dataType);
    } finally {
      c.TF_DeleteTensor(tensor);
    }
  }

  /** The host tensor of a handle (shared memory on the CPU); the caller deletes it. */
  resolve(handle: Deno.PointerValue): Deno.PointerValue {
    const tensor = this.library.symbols.TFE_TensorHandleResolve(handle, this.library.status);
    this.library.check("TensorHandleResolve");
    return tensor;
  }

  /** A handle's static shape. */
  shape(handle: Deno.PointerValue): number[] {
    const { symbols: c, status } = this.library;
    const rank = c.TFE_TensorHandleNumDims(handle, status);
    return Array.from({ length: rank }, (_, i) => Number(c.TFE_TensorHandleDim(handle, i, status)));
  }

  /** A handle's data type, as TensorFlow's number. */
  dataType(handle: Deno.PointerValue): number {
    return this.library.symbols.TFE_TensorHandleDataType(handle);
  }

  /** Gives a handle back. */
  deleteHandle(handle: Deno.PointerValue): void {
    this.library.symbols.TFE_DeleteTensorHandle(handle);
  }

  /**
   * Runs an operation, or a function added to the context.
   *
   * @param name The operation's or function's name.
   * @returns New handles, the caller's.
   * @throws {TensorFlowError} If it fails; no handle is left behind.
   */
  execute(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Deno.PointerValue[],
    outputCount: number,
  ): Deno.PointerObject[] {
    const { symbols: c, status } = this.library;
    const op = c.TFE_NewOp(this.pointer, this.#opName(name), status);
    this.library.check(name);
    try {
      // Inputs first, as tfjs-node: a type they imply then wins over the attribute, which its Mean gets wrong.
      for (const input of inputs) c.TFE_OpAddInput(op, input, status);
      this.library.check(name);
      for (const attribute of attributes) setAttribute(this.#setters, op, attribute);
      if (outputCount > this.#outputs.length) this.#outputs = new BigUint64Array(outputCount);
      this.#outputCount[0] = outputCount;
      c.TFE_Execute(op, this.#outputs, this.#outputCount, status);
      this.library.check(name);
    } finally {
      c.TFE_DeleteOp(op);
    }
    return Array.from({ length: outputCount }, (_, i) => Deno.UnsafePointer.create(this.#outputs[i])!);
  }

  /** A name for a function that no other function of the context has, with another name in it. */
  functionName(name: string): string {
    return `${name.replace(/[^A-Za-z0-9_]/g, "_")}_${this.#functionCount++}`;
  }

  [Symbol.dispose](): void {
    this.library.symbols.TFE_DeleteContext(this.pointer);
  }

  #opName(name: string): Uint8Array<ArrayBuffer> {
    let bytes = this.#opNames.get(name);
    if (bytes === undefined) this.#opNames.set(name, bytes = cString(name));
    return bytes;
  }

  #allocate(shape: readonly number[], dataType: number, byteLength: number): Deno.PointerObject {
    const dims = BigInt64Array.from(shape, BigInt);
    return this.library.symbols.TF_AllocateTensor(dataType, dims, shape.length, BigInt(byteLength))!;
  }

  #numericTensor(shape: readonly number[], dataType: number, bytes: Uint8Array): Deno.PointerObject {
    const expected = elementCount(shape) * bytesPerElement(dataType);
    checkSize(shape, expected, bytes.byteLength, "bytes");
    const tensor = this.#allocate(shape, dataType, expected);
    if (expected > 0) {
      const data = this.library.symbols.TF_TensorData(tensor)!;
      new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data, expected)).set(bytes);
    }
    return tensor;
  }

  /** A handle in the place of a host tensor. */
  #takeOver(tensor: Deno.PointerObject): Deno.PointerObject {
    const handle = this.library.symbols.TFE_NewTensorHandle(tensor, this.library.status);
    this.library.symbols.TF_DeleteTensor(tensor);
    this.library.check("NewTensorHandle");
    return handle!;
  }

  /** TensorFlow never frees the strings of a tensor made on the host, so an operation copies them into one of its own. */
  #stringHandle(shape: readonly number[], values: readonly Uint8Array[]): Deno.PointerObject {
    checkSize(shape, elementCount(shape), values.length, "strings");
    const c = this.library.symbols;
    const tensor = this.#allocate(shape, DataType.string, values.length * TSTRING_BYTES);
    const elements = values.map((_, i) => elementPointer(c.TF_TensorData(tensor), i));
    elements.forEach((element, i) => {
      c.TF_StringInit(element);
      c.TF_StringCopy(element, new Uint8Array(values[i]), BigInt(values[i].byteLength));
    });
    const handle = this.#takeOver(tensor);
    try {
      const inputCount = { name: "N", type: AttributeType.int, value: 1 };
      return this.execute("StringJoin", [inputCount], [handle], 1)[0];
    } finally {
      elements.forEach((element) => c.TF_StringDealloc(element));
      this.deleteHandle(handle);
    }
  }

  #readStrings(tensor: Deno.PointerValue, count: number): Uint8Array[] {
    const c = this.library.symbols;
    return Array.from({ length: count }, (_, i) => {
      const element = elementPointer(c.TF_TensorData(tensor), i);
      const size = Number(c.TF_StringGetSize(element));
      if (size === 0) return new Uint8Array(0);
      const data = c.TF_StringGetDataPointer(element)!;
      return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data, size).slice(0));
    });
  }

  #onDevice(handle: Deno.PointerObject): Deno.PointerObject {
    const { symbols: c, status } = this.library;
    const copy = c.TFE_TensorHandleCopyToDevice(handle, this.pointer, cString(this.device.name), status);
    c.TFE_DeleteTensorHandle(handle);
    this.library.check("TensorHandleCopyToDevice");
    return copy!;
  }
}

function elementPointer(data: Deno.PointerValue, index: number): Deno.PointerObject {
  return Deno.UnsafePointer.offset(data as Deno.PointerObject, index * TSTRING_BYTES)!;
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function checkSize(shape: readonly number[], wanted: number, actual: number, unit: string): void {
  if (actual === wanted) return;
  throw new RangeError(
    `Cannot create a tensor of shape [${shape}] as it takes ${wanted} ${unit}: got ${actual}`,
  );
}

/** Waits for a call, but no longer than so long: TensorFlow's own limit does not hold for the first worker. */
async function within(limitMs: number, call: Promise<void>, reason: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`Cannot join the group: after ${limitMs} ms ${reason}`)),
    limitMs,
  );
  await Promise.race([call, promise]).finally(() => clearTimeout(timer));
}

function newContext(library: TensorFlowLibrary, config: ContextConfig): Deno.PointerObject {
  const { symbols: c, status } = library;
  const options = c.TFE_NewContextOptions();
  try {
    const proto = configProto(config);
    c.TFE_ContextOptionsSetConfig(options, proto, BigInt(proto.length), status);
    library.check("ContextOptionsSetConfig");
    const context = c.TFE_NewContext(options, status);
    library.check("NewContext");
    return context!;
  } finally {
    c.TFE_DeleteContextOptions(options);
  }
}

function listDevices(library: TensorFlowLibrary, context: Deno.PointerObject): Device[] {
  const { symbols: c, status } = library;
  const list = c.TFE_ContextListDevices(context, status);
  library.check("ContextListDevices");
  const text = (pointer: Deno.PointerValue): string => Deno.UnsafePointerView.getCString(pointer!);
  const devices = Array.from({ length: c.TF_DeviceListCount(list) }, (_, i) => ({
    name: text(c.TF_DeviceListName(list, i, status)),
    type: text(c.TF_DeviceListType(list, i, status)),
  }));
  c.TF_DeleteDeviceList(list);
  return devices;
}
