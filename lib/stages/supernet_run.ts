/**
 * A supernet that another run has trained, and whether this run can use it.
 *
 * @module
 */
import { configDifferences } from "../config/config_identity.ts";
import type { Config } from "../config/schema.ts";
import { scoredStage } from "../run/plan.ts";
import { readRunConfig, readStageState } from "../run/run_folder.ts";

/** What must be equal for weights to mean the same. */
const decisive = /^(space|shuffleMethod|detector|detectionData|pretrainData)\b/;
/** Settings of the detector that change what is made of its outputs, but no weight. */
const indecisive =
  /^detector\.(scoreThreshold|nmsIou|maxDetections|candidatesPerLevel|canvases)$|^space\.(name|resolution)$/;

/**
 * Refuses a run whose supernet is not there or is another network than the config's.
 *
 * @param dir The other run's folder.
 * @throws {RangeError} That names what is missing, or the first field that differs with both values.
 */
export async function checkSupernetRun(config: Config, dir: string): Promise<void> {
  const other = await readRunConfig(dir);
  if (other === null) {
    throw new RangeError(
      `Cannot use the supernet of ${dir} as there is no run: supernetRun must name a run folder`,
    );
  }
  const stage = scoredStage(config);
  if ((await readStageState(dir, stage)).status !== "finished") {
    throw new RangeError(
      `Cannot use the supernet of ${dir} as its stage ${stage} is not finished: run deno task ${stage} --run ${dir} first`,
    );
  }
  const difference = configDifferences(other, config)
    .find(({ path }) => decisive.test(path) && !indecisive.test(path) && isRead(path, stage));
  if (difference === undefined) return;
  const { path, first, second } = difference;
  throw new RangeError(
    `Cannot use the supernet of ${dir} as it is another network: its ${path} is ${JSON.stringify(first)}, ` +
      `wanted ${JSON.stringify(second)}`,
  );
}

/** A pre-trained supernet knows nothing of boxes, a fine-tuned one has forgotten its class labels. */
function isRead(path: string, stage: "pretrain" | "finetune"): boolean {
  return stage === "pretrain" ? !/^detect/.test(path) : !/^pretrainData\b/.test(path);
}
