/**
 * A finished run's network, read without opening the run: no worker and no engine is needed.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import type { TrainedNetwork } from "../export/network_graph.ts";
import { readRunConfig, readStageState, type Stage } from "../run/run_folder.ts";
import type { Architecture } from "../space/architecture.ts";
import { checkpointSteps, readCheckpoint } from "../train/checkpoint.ts";
import type { DataSets } from "../train/datasets.ts";
import { checkNetworkMetadata, networkMetadata } from "../train/network_metadata.ts";
import type { TensorMap } from "../train/safetensors.ts";
import type { SearchResult } from "./search.ts";
import { namedWinner } from "./trained_architecture.ts";

/**
 * The retrained winner of a run, or the architecture that its config names.
 *
 * @param data Where the classes' names are found, unless `dataDir` says otherwise.
 * @param dataDir The images with boxes, if they have moved since; null is where the run found them.
 * @throws {RangeError} If there is no such run, it has not been retrained, or its weights are damaged or another
 * network's. Throws what the data's reader throws, too.
 */
export async function readTrainedNetwork(
  runDir: string,
  data: DataSets,
  dataDir: string | null,
): Promise<TrainedNetwork> {
  const config = await readRunConfig(runDir);
  if (config === null) throw new RangeError(`Cannot export ${runDir} as there is no run: name a run folder`);
  await requireFinished(runDir, "retrain");
  const { train } = await data.detection(withData(config, dataDir));
  const [choices, tensors] = [await retrainedChoices(runDir, config), await retrainedWeights(runDir, config)];
  return { config, choices, tensors, classes: train.classes };
}

function withData(config: Config, path: string | null): Config {
  if (path === null) return config;
  const { detectionData } = config;
  const searchImages = detectionData.kind === "folder" ? detectionData.searchImages : null;
  return { ...config, detectionData: { kind: "folder", path, searchImages } };
}

async function retrainedChoices(runDir: string, config: Config): Promise<Architecture> {
  const { architecture } = config;
  if (architecture !== null) return namedWinner(config, architecture).choices;
  return (await requireFinished<SearchResult>(runDir, "search")).winners[0].choices;
}

/** A stage's result; says what to type if there is none. */
async function requireFinished<T>(runDir: string, stage: Stage): Promise<T> {
  const state = await readStageState(runDir, stage);
  if (state.status === "finished") return state.result as T;
  throw new RangeError(
    `Cannot export ${runDir} as its stage ${stage} is not finished: run deno task ${stage} --run ${runDir} first`,
  );
}

/** The newest weights; damaged ones don't give way to older ones here, as what goes out is the finished network. */
async function retrainedWeights(runDir: string, config: Config): Promise<TensorMap> {
  const dir = `${runDir}/retrain`;
  const newest = (await checkpointSteps(dir)).at(-1);
  if (newest === undefined) throw new RangeError(`Cannot export ${runDir} as ${dir} has no weights`);
  const checkpoint = await readCheckpoint(`${dir}/step-${newest}`);
  if (typeof checkpoint === "string") throw new RangeError(`Cannot export ${runDir}: ${checkpoint}`);
  checkNetworkMetadata(dir, checkpoint.metadata, networkMetadata(config));
  return checkpoint.files.network;
}
