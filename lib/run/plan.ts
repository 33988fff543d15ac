/**
 * Which stages a config has: not every experiment trains a supernet, and not every one searches.
 *
 * @module
 */
import type { ClassificationTraining, Config } from "../config/schema.ts";
import type { Stage } from "./run_folder.ts";

/** The stages of the whole job, in their order. */
export function plannedStages(config: Config): Stage[] {
  const { architecture, supernetRun, pretrain, search } = config;
  const trainsSupernet = architecture === null && supernetRun === null;
  return [
    ...(trainsSupernet && pretrain !== null ? ["pretrain"] as const : []),
    ...(trainsSupernet && search.objective === "detection" ? ["finetune"] as const : []),
    ...(architecture === null ? ["search"] as const : []),
    "retrain",
    "evaluate",
    "report",
  ];
}

/** Whether a stage is among a config's. */
export function isPlanned(config: Config, stage: Stage): boolean {
  return plannedStages(config).includes(stage);
}

/** The stage whose weights score the search's candidates; its folder is in this run, or in `supernetRun`. */
export function scoredStage(config: Config): "pretrain" | "finetune" {
  return config.search.objective === "classification" ? "pretrain" : "finetune";
}

/** The supernet's pre-training; a stage that needs it is only planned where there is one. */
export function pretrainRecipe({ name, pretrain }: Config): ClassificationTraining {
  if (pretrain !== null) return pretrain;
  throw new RangeError(`Cannot pre-train a supernet as config ${name} has no pretrain`);
}

/** Whether any stage learns from class labels; if none does, no such images are needed. */
export function usesClassLabels(config: Config): boolean {
  if (isPlanned(config, "pretrain") || config.retrain.classification !== null) return true;
  return config.architecture === null && config.search.objective === "classification";
}

/** What candidates are scored by, in words. */
export function scoreName({ search }: Config): "AP" | "top-1" {
  return search.objective === "classification" ? "top-1" : "AP";
}
