import { assert, assertEquals } from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { isPlanned, plannedStages, scoredStage, usesClassLabels } from "../../lib/run/plan.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

function config(changes: Partial<Config>): Config {
  return parseConfig({ ...tinyConfig, ...changes }, "test");
}

const byAccuracy = { search: { ...tinyConfig.search, objective: "classification" as const } };
const fromScratch = { retrain: { ...tinyConfig.retrain, initialise: "scratch" as const } };

Deno.test("the whole job has every stage, and learns from class labels", () => {
  assertEquals(plannedStages(tinyConfig), [
    "pretrain",
    "finetune",
    "search",
    "retrain",
    "evaluate",
    "report",
  ]);
  assertEquals(scoredStage(tinyConfig), "finetune");
  assert(usesClassLabels(tinyConfig));
});

Deno.test("a supernet without pre-training is fine-tuned from scratch, and needs no class labels", () => {
  const scratch = config({ pretrain: null, pretrainData: null });
  assertEquals(plannedStages(scratch), ["finetune", "search", "retrain", "evaluate", "report"]);
  assert(!usesClassLabels(scratch));
});

Deno.test("a search by accuracy scores the pre-trained supernet and fine-tunes none", () => {
  const classification = config({ ...byAccuracy, ...fromScratch });
  assertEquals(plannedStages(classification), ["pretrain", "search", "retrain", "evaluate", "report"]);
  assertEquals(scoredStage(classification), "pretrain");
});

Deno.test("another run's supernet is not trained again", () => {
  const borrowed = config({ supernetRun: "runs/other" });
  assertEquals(plannedStages(borrowed), ["search", "retrain", "evaluate", "report"]);
  assert(!usesClassLabels(borrowed));
  assert(usesClassLabels(config({ supernetRun: "runs/other", ...byAccuracy })));
});

Deno.test("a named architecture is only retrained", () => {
  const named = config({ architecture: "01230", ...fromScratch });
  assertEquals(plannedStages(named), ["retrain", "evaluate", "report"]);
  assert(!isPlanned(named, "search"));
  assert(!usesClassLabels(named));
  const { pretrain } = tinyConfig;
  const retrain = { ...tinyConfig.retrain, initialise: "scratch" as const, classification: pretrain };
  assert(usesClassLabels(config({ architecture: "01230", retrain })));
});
