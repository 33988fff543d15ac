/**
 * Sums over a group of workers, as TensorFlow's own collectives: a ring over gRPC on CPUs, NCCL on GPUs.
 *
 * A call waits in TensorFlow, and JavaScript with it. It ends with an error when a peer is killed or stopped (the
 * coordination service finds it) and when a peer aborts. A peer that lives but never comes is for whoever supervises the
 * workers to end: TensorFlow's own time limit is not used, as it keeps two threads asleep for each call until the limit
 * is up, however soon the call ends. So training needs no asynchronous form of every operation.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { WorkerGroup } from "../nn/worker_group.ts";
import { AttributeType, type OpAttribute } from "./attributes.ts";
import type { TensorFlowBackend } from "./backend.ts";
import { DataType } from "./data_type.ts";
import type { EagerContext } from "./eager_context.ts";
import type { Group } from "./group_config.ts";
import { cString } from "./tensorflow_library.ts";

/** All workers' devices; a context has one group. */
const groupKey = 1;

/** TensorFlow's code for a call that was ended from outside. */
const abortedCode = 10;

/** A group joined by this process's context. */
export class CollectiveGroup implements WorkerGroup {
  readonly rank: number;
  readonly size: number;
  readonly #context: EagerContext;
  readonly #backend: TensorFlowBackend;
  readonly #attributes: Readonly<Record<"float32" | "int32", readonly OpAttribute[]>>;
  readonly #keys = new InstanceKeys();
  /** Ids of int32 scalars, made once: a graph's constants and eager calls share them. */
  readonly #scalars = new Map<number, number>();

  /** @param context Has joined the group. */
  constructor(context: EagerContext, backend: TensorFlowBackend, group: Group) {
    this.rank = group.rank;
    this.size = group.addresses.length;
    this.#context = context;
    this.#backend = backend;
    this.#attributes = { float32: sumOf(DataType.float32), int32: sumOf(DataType.int32) };
  }

  /** @throws {TensorFlowError} If a peer is gone or aborted, or a tensor is of another shape than before or elsewhere. */
  sum(x: Tensor, name: string): Tensor {
    const { binding } = this.#backend;
    const [id] = this.#backend.getInputTensorIds([x]);
    const key = this.#keys.of(name);
    const inputs = [id, this.#scalar(this.size), this.#scalar(groupKey), this.#scalar(key)];
    const dtype = x.dtype === "int32" ? "int32" : "float32";
    const attributes = this.#attributes[dtype] as Parameters<typeof binding.executeOp>[1];
    return this.#backend.createOutputTensor(
      binding.executeOp("CollectiveReduceV2", attributes, inputs, 1)[0],
    );
  }

  abort(reason: string): void {
    const { symbols: c, status } = this.#context.library;
    const message = cString(`worker ${this.rank} left: ${reason}`);
    c.TFE_ReportErrorToCluster(this.#context.pointer, abortedCode, message, status);
    // No check: if nobody can be told, heartbeats tell, and the reason must not be hidden by another error.
  }

  #scalar(value: number): number {
    let id = this.#scalars.get(value);
    if (id === undefined) {
      id = this.#backend.binding.createTensor([], DataType.int32, Int32Array.of(value));
      this.#scalars.set(value, id);
    }
    return id;
  }
}

function sumOf(type: number): readonly OpAttribute[] {
  return [
    { name: "T", type: AttributeType.type, value: type },
    { name: "merge_op", type: AttributeType.string, value: "Add" },
    { name: "final_op", type: AttributeType.string, value: "Id" },
    { name: "communication_hint", type: AttributeType.string, value: "auto" },
    { name: "timeout_seconds", type: AttributeType.float, value: 0 }, // none
    { name: "is_stateless", type: AttributeType.bool, value: false },
    { name: "Nordering_token", type: AttributeType.int, value: 0 },
    { name: "max_subdivs_per_device", type: AttributeType.int, value: -1 },
  ];
}

/**
 * Numbers by which calls on different workers find each other. They follow from the names alone, so that workers need
 * not come by their functions in the same order; two names that fall on one number are told apart by who came first,
 * which is the same on all workers that train the same paths.
 */
export class InstanceKeys {
  readonly #names = new Map<number, string>();

  /** The number of a name: 1 to 2^31 - 1. */
  of(name: string): number {
    let key = hash31(name);
    for (; this.#names.has(key) && this.#names.get(key) !== name; key = nextKey(key));
    this.#names.set(key, name);
    return key;
  }
}

function nextKey(key: number): number {
  return key % 0x7fffffff + 1;
}

/** FNV-1a over UTF-16 units, stirred, in 1 to 2^31 - 1. */
function hash31(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return nextKey((hash ^ (hash >>> 15)) >>> 1);
}
