/**
 * A supernet under its classifier, with the pre-training's settings: what several benchmarks train.
 *
 * @module
 */
import { registerTensorFlow } from "../lib/engine/mod.ts";
import { supernet } from "../lib/models/backbone.ts";
import { classifierUnit } from "../lib/models/classifier.ts";
import { loadKernels } from "../lib/fused/mod.ts";
import type { Compiler } from "../lib/nn/compiled.ts";
import { loneWorker } from "../lib/nn/worker_group.ts";
import { type SearchSpace, searchSpaces } from "../lib/space/search_space.ts";
import { ClassificationModel } from "../lib/train/classification_model.ts";
import { NetworkState } from "../lib/train/network_state.ts";
import { type PathOfStep, uniformPaths } from "../lib/train/path.ts";
import { trainingBatchNorm } from "../lib/train/training_batch_norm.ts";
import { UnitRunner } from "../lib/train/unit_runner.ts";
import { pretrainingSettings } from "./pretraining_settings.ts";
import { ensureKernels } from "../tasks/kernels.ts";

/** A supernet ready for its first step. */
export interface SmallClassifier extends Disposable {
  readonly engine: Awaited<ReturnType<typeof registerTensorFlow>>;
  readonly model: ClassificationModel;
  readonly state: NetworkState;
  readonly path: PathOfStep;
}

/**
 * Starts the engine and builds the supernet.
 *
 * @param classes How many.
 * @param space Default: the small one.
 * @param watched Wraps the engine's compiler, to watch it.
 */
export async function smallClassifier(
  classes: number,
  space: SearchSpace = searchSpaces.small,
  watched: (compiler: Compiler) => Compiler = (compiler) => compiler,
): Promise<SmallClassifier> {
  const engine = await registerTensorFlow();
  const build = await ensureKernels({ kind: "cpu", kernels: "auto" });
  const kernels = build && loadKernels(build.path, engine.threads, engine.memory);
  const net = supernet(space, 1);
  const classifier = classifierUnit(space, classes);
  const state = new NetworkState([net.stem, ...net.blocks.flat(), classifier], 0);
  const runner = new UnitRunner(watched(engine.compiler), trainingBatchNorm(loneWorker, "counts"), kernels);
  const model = new ClassificationModel(engine, runner, net, classifier, pretrainingSettings);
  return {
    engine,
    model,
    state,
    path: uniformPaths({ space, seed: 1, stage: "bench" }),
    [Symbol.dispose](): void {
      for (const resource of [model, runner, state]) resource[Symbol.dispose]();
    },
  };
}
