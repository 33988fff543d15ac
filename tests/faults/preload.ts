/**
 * Loaded before a command's own modules, in the command and in its workers: does in one worker what the environment
 * variable `DETNAS_FAULT` says, a JSON of {@linkcode WorkerFault}. So the product needs no hooks for its faults.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Architecture } from "../../lib/space/architecture.ts";
import type { NetworkState } from "../../lib/train/network_state.ts";
import { beforeFileCall } from "./file_calls.ts";
import type { WorkerFault } from "./worker_fault.ts";

const fault: WorkerFault | null = JSON.parse(Deno.env.get("DETNAS_FAULT") ?? "null");
const isWorker = Deno.mainModule.endsWith("tasks/worker.ts");

/** The workers that this process starts get the same preload. */
function handOn(): void {
  const Command = Deno.Command;
  Deno.Command = class extends Command {
    constructor(command: string | URL, options: Deno.CommandOptions = {}) {
      const args = [...options.args ?? []];
      const isForWorker = args.some((arg) => arg.endsWith("tasks/worker.ts"));
      if (isForWorker) args.splice(args.indexOf("run") + 1, 0, `--preload=${import.meta.url}`);
      super(command, { ...options, args });
    }
  };
}

/** A worker's last argument is its place among those that train together. */
function ownRank(): number {
  const place = Deno.args.at(-1) ?? "";
  return place === "" ? 0 : JSON.parse(place).rank;
}

/** Whether the fault is to happen now: only once in all processes, as the marker tells. */
function fires(fault: WorkerFault): boolean {
  try {
    Deno.writeTextFileSync(`${fault.run}/fault.tmp`, "fired", { createNew: true });
    return true;
  } catch {
    return false;
  }
}

async function arm(fault: WorkerFault): Promise<void> {
  if (fault.kind === "checkpoint-call") {
    const { run, training, call } = fault;
    return beforeFileCall(
      `${run}/${training}/step-`,
      call,
      () => fires(fault) && Deno.kill(Deno.pid, "SIGKILL"),
    );
  }
  const { StageWorker } = await import("../../lib/workers/stage_worker.ts");
  if (fault.kind === "fatal-candidate") {
    const { score } = StageWorker.prototype;
    StageWorker.prototype.score = function (choices): Promise<number> {
      if (choices.join() === fault.choices) Deno.kill(Deno.pid, "SIGKILL"); // as the kernel does, out of memory
      return score.call(this, choices);
    };
    return;
  }
  let training = "";
  const opens = { openPretraining: "pretrain", openFinetuning: "finetune", openRetraining: "retrain" };
  for (const [method, name] of Object.entries(opens)) {
    const prototype = StageWorker.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
    const open = prototype[method];
    prototype[method] = function (...args: unknown[]): unknown {
      training = name;
      return open.apply(this, args);
    };
  }
  const isNow = (step: number): boolean => training === fault.training && step === fault.step && fires(fault);
  await steps[fault.kind](isNow);
}

type IsNow = (step: number) => boolean;

/** How each kind of fault is brought into a training step, in the step that `isNow` tells. */
const steps: Readonly<Record<"throw" | "nan" | "corrupt" | "shape", (isNow: IsNow) => Promise<void>>> = {
  async throw(isNow): Promise<void> {
    const { TrainingSession } = await import("../../lib/train/training_session.ts");
    const { trainStep } = TrainingSession.prototype;
    TrainingSession.prototype.trainStep = function (): ReturnType<typeof trainStep> {
      if (isNow(this.step)) return Promise.reject(new TypeError("Cannot go on: a fault was injected"));
      return trainStep.call(this);
    };
  },

  async corrupt(isNow): Promise<void> {
    const { ClassificationLoader, DetectionLoader } = await import("../../lib/data/loader.ts");
    for (const loader of [ClassificationLoader, DetectionLoader]) {
      const prototype: { batch(step: number): Promise<unknown> } = loader.prototype;
      const { batch } = prototype;
      prototype.batch = function (step): Promise<unknown> {
        const torn = new SyntaxError("Cannot decode image 7.jpg: a fault was injected");
        return isNow(step) ? Promise.reject(torn) : batch.call(this, step);
      };
    }
  },

  async nan(isNow): Promise<void> {
    const { ClassificationModel } = await import("../../lib/train/classification_model.ts");
    const { DetectionModel } = await import("../../lib/train/detection_model.ts");
    type Step = (
      state: NetworkState,
      batch: never,
      choices: Architecture,
      step: number,
      ...rest: never[]
    ) => never;
    for (const model of [ClassificationModel, DetectionModel]) {
      const prototype = model.prototype as unknown as { trainStep: Step };
      const { trainStep } = prototype;
      prototype.trainStep = function (state, batch, choices, step, ...rest): never {
        if (isNow(step)) spoil(state);
        return trainStep.call(this, state, batch, choices, step, ...rest);
      };
    }
  },

  async shape(isNow): Promise<void> {
    const tf = await import("@tensorflow/tfjs-core");
    const { CollectiveGroup } = await import("../../lib/engine/collectives.ts");
    const { TrainingSession } = await import("../../lib/train/training_session.ts");
    let step = 0;
    const { trainStep } = TrainingSession.prototype;
    TrainingSession.prototype.trainStep = function (): ReturnType<typeof trainStep> {
      step = this.step;
      return trainStep.call(this);
    };
    const { sum } = CollectiveGroup.prototype;
    CollectiveGroup.prototype.sum = function (x: Tensor, name: string): Tensor {
      const isWrong = name.startsWith("gradients") && isNow(step);
      return sum.call(this, isWrong ? tf.pad(x, [[0, 1]]) : x, name);
    };
  },
};

/** Makes the network's first tensor no numbers. */
function spoil(state: NetworkState): void {
  const tensors = state.toHost();
  const [{ data }] = tensors.values();
  if (data instanceof Float32Array) data.fill(NaN);
  state.fromHost(tensors, { slots: true });
}

if (fault !== null && !isWorker) handOn();
if (fault !== null && isWorker && fault.rank === ownRank()) await arm(fault);
