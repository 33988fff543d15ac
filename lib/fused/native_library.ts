/**
 * The compiled kernels (`native/fused.cc`): their functions, threads and memory.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { HostMemory } from "../nn/host_memory.ts";

/** The C functions, as `Deno.dlopen` wants them. A pass is a `struct Pass` of native/pixels.h. */
const symbols = {
  detnas_runs_here: { parameters: [], result: "i32" },
  detnas_lanes: { parameters: [], result: "i32" },
  detnas_threads_new: { parameters: ["i32"], result: "pointer" },
  detnas_threads_delete: { parameters: ["pointer"], result: "void" },
  detnas_pool_new: { parameters: [], result: "pointer" },
  detnas_pool_take: { parameters: ["pointer", "u64"], result: "pointer" },
  detnas_pool_give: { parameters: ["pointer", "usize", "pointer"], result: "void" },
  detnas_pool_deallocator: { parameters: [], result: "pointer" },
  detnas_pool_trim: { parameters: ["pointer"], result: "void" },
  detnas_prepared_new: { parameters: [], result: "pointer" },
  detnas_prepared_delete: { parameters: ["pointer"], result: "void" },
  detnas_forward: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_join: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_gradient_sums: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_backward: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_add_enlarged: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_add_reduced: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_take_every_other: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_give_every_other: { parameters: ["buffer", "pointer"], result: "void" },
  detnas_infer: { parameters: ["buffer", "i64", "pointer"], result: "void" },
} as const;

/** The fields of `struct Pass`, in their order. */
const passFields = [
  "images",
  "height",
  "width",
  "outHeight",
  "outWidth",
  "kernel",
  "stride",
  "inputs",
  "outputs",
  "input",
  "inputChannels",
  "view",
  "inputNorm",
  "inputRelu",
  "weight",
  "z",
  "norm",
  "relu",
  "sums",
  "joined",
  "joinedChannels",
  "joinedFirst",
  "gradient",
  "slope",
  "inputGradient",
  "adds",
  "weightGradient",
  "inputSums",
  "weightGradientAdds",
  "prepared",
] as const;

/** An array that a pass reads or writes; it has a buffer of its own, see {@linkcode floats}. */
export type PassArray = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** One layer's pass: numbers, addresses, and arrays, which live until it is over; what is left out is 0. */
export type Pass = Partial<Record<typeof passFields[number], number | bigint | boolean | PassArray>>;

/** float32 memory of the kernels' pool. */
export interface PooledMemory {
  readonly address: bigint;
  readonly pointer: Deno.PointerObject;
  readonly bytes: number;
}

/** The kernels, loaded, with their threads and their memory. Tensors over the memory must be gone before its disposal. */
export class NativeLibrary implements Disposable {
  /** Floats of a vector: channels of activations are filled up to whole ones. */
  readonly lanes: number;
  readonly #library: Deno.DynamicLibrary<typeof symbols>;
  readonly #threads: Deno.PointerValue;
  readonly #pool: Deno.PointerObject;
  readonly #deallocator: Deno.PointerObject;
  readonly #memory: HostMemory;
  /** Whose arrays the kernels are at work on: an address alone keeps none alive. */
  #inUse: readonly Pass[] | null = null;

  /**
   * @param path Of `buildKernels`.
   * @param threads That share each pass.
   * @param memory Where tensors lie.
   * @throws {Deno.errors.NotCapable} Without unrestricted `--allow-ffi`.
   * @throws {Error} If the file is no such library, or was built for another processor.
   */
  constructor(path: string, threads: number, memory: HostMemory) {
    this.#library = Deno.dlopen(path, symbols);
    const c = this.#library.symbols;
    if (c.detnas_runs_here() === 0) {
      throw new Error(
        `Cannot run ${path}: it was built for a processor with more instructions than this one`,
      );
    }
    this.lanes = c.detnas_lanes();
    this.#threads = c.detnas_threads_new(threads);
    this.#pool = c.detnas_pool_new()!;
    this.#deallocator = c.detnas_pool_deallocator()!;
    this.#memory = memory;
  }

  /** Channels filled up to whole vectors. */
  padded(channels: number): number {
    return Math.ceil(channels / this.lanes) * this.lanes;
  }

  /** What passes over one weight share, all forward or all backward: `prepared` of a pass. The caller gives it back. */
  prepare(): Deno.PointerObject {
    return this.#library.symbols.detnas_prepared_new()!;
  }

  /** Gives back what {@linkcode prepare} gave. */
  release(prepared: Deno.PointerObject): void {
    this.#library.symbols.detnas_prepared_delete(prepared);
  }

  /** A layer's forward pass in training. */
  forward(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_forward(packed, this.#threads));
  }

  /** A branch's last layer into the block's output. */
  join(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_join(packed, this.#threads));
  }

  /** The sums of a branch's incoming gradient. */
  gradientSums(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_gradient_sums(packed, this.#threads));
  }

  /** A layer's backward pass. */
  backward(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_backward(packed, this.#threads));
  }

  /** A branch in inference, all its layers in one pass. */
  infer(branch: readonly Pass[]): void {
    const count = BigInt(branch.length);
    this.#run(branch, (packed) => this.#library.symbols.detnas_infer(packed, count, this.#threads));
  }

  /** Adds a map of half the size, enlarged, to `joined`. */
  addEnlarged(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_add_enlarged(packed, this.#threads));
  }

  /** The gradient of {@linkcode addEnlarged}'s smaller map, from `joined`. */
  addReduced(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_add_reduced(packed, this.#threads));
  }

  /** Every other row and column into `joined`. */
  takeEveryOther(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_take_every_other(packed, this.#threads));
  }

  /** The gradient of what {@linkcode takeEveryOther} read, from `joined`. */
  giveEveryOther(pass: Pass): void {
    this.#run([pass], (packed) => this.#library.symbols.detnas_give_every_other(packed, this.#threads));
  }

  #run(passes: readonly Pass[], call: (packed: Uint8Array<ArrayBuffer>) => void): void {
    this.#inUse = passes;
    call(packed(passes));
    this.#inUse = null;
  }

  /** Memory for so many floats, not initialised; the caller gives it back, or adopts it as a tensor. */
  take(floats: number): PooledMemory {
    const bytes = 4 * Math.max(1, floats);
    const pointer = this.#library.symbols.detnas_pool_take(this.#pool, BigInt(bytes));
    if (pointer === null) {
      throw new RangeError(`Cannot get ${bytes} bytes of memory for a block's activations`);
    }
    return { pointer, address: Deno.UnsafePointer.value(pointer), bytes };
  }

  /** Gives memory back that has not become a tensor. */
  give({ pointer, bytes }: PooledMemory): void {
    this.#library.symbols.detnas_pool_give(pointer, BigInt(bytes), this.#pool);
  }

  /** Memory as a tensor, which the caller disposes. */
  adopt(shape: readonly number[], { pointer }: PooledMemory): Tensor {
    return this.#memory.adopt(shape, { pointer, deallocator: this.#deallocator, argument: this.#pool });
  }

  /** A new tensor, not initialised, with its address; the caller disposes it. */
  takeTensor(shape: readonly number[]): { readonly tensor: Tensor; readonly address: bigint } {
    const memory = this.take(shape.reduce((product, length) => product * length, 1));
    return { tensor: this.adopt(shape, memory), address: memory.address };
  }

  /** Lets a function work on tensors' addresses. */
  read<T>(tensors: readonly Tensor[], body: (addresses: bigint[]) => T): T {
    return this.#memory.read(tensors, body);
  }

  /** Gives memory that no tensor needs back to the system. */
  trim(): void {
    this.#library.symbols.detnas_pool_trim(this.#pool);
  }

  /** Ends the threads. The pool stays, for tensors may outlive this. */
  [Symbol.dispose](): void {
    this.trim();
    this.#library.symbols.detnas_threads_delete(this.#threads);
  }
}

/** Zeros for a pass. Small arrays lie on JavaScript's heap, where they move; those over a buffer never do. */
export function floats(count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(new ArrayBuffer(4 * count));
}

/** As {@linkcode floats}, of doubles. */
export function doubles(count: number): Float64Array<ArrayBuffer> {
  return new Float64Array(new ArrayBuffer(8 * count));
}

/** The floats at an address; valid while their memory is. */
export function floatsAt(address: bigint, count: number): Float32Array {
  const pointer = Deno.UnsafePointer.create(address)!;
  return new Float32Array(Deno.UnsafePointerView.getArrayBuffer(pointer, 4 * count));
}

function packed(passes: readonly Pass[]): Uint8Array<ArrayBuffer> {
  const values = passes.flatMap((pass) => passFields.map((field) => fieldValue(pass[field] ?? 0)));
  return new Uint8Array(BigInt64Array.from(values).buffer);
}

function fieldValue(value: number | bigint | boolean | PassArray): bigint {
  return typeof value === "object" ? Deno.UnsafePointer.value(Deno.UnsafePointer.of(value)) : BigInt(value);
}
