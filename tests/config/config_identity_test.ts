import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { configDifferences, configHash } from "../../lib/config/config_identity.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";

const config: Config = parseConfig({ ...shapesTiny, device: { kind: "cpu", threads: 2 } }, "shapes-tiny");

Deno.test("configHash() doesn't depend on workers, threads or the order of fields", () => {
  const reordered = Object.fromEntries(Object.entries(config).reverse());
  const same = parseConfig({ ...reordered, workers: 3, device: { kind: "cpu", threads: 1 } }, "same");
  assertEquals(configHash(same), configHash(config));
  assertEquals(configDifferences(config, same), []);
  assertMatch(configHash(config), /^[0-9a-f]{64}$/);
});

Deno.test("configDifferences() names the leaves that differ, with both values", () => {
  const other: Config = {
    ...config,
    seed: 7,
    device: { kind: "gpu", threads: 2, kernels: "auto" },
    detectionData: { kind: "folder", path: "cells", searchImages: null },
    detector: { ...config.detector, canvases: [[64, 96]] },
  };
  const byPath = new Map(configDifferences(config, other).map((d) => [d.path, [d.first, d.second]]));
  assertEquals(byPath.get("seed"), [1, 7]);
  assertEquals(byPath.get("device.kind"), ["cpu", "gpu"]);
  assertEquals(byPath.get("detectionData.path"), [undefined, "cells"]);
  assertEquals(byPath.get("detectionData.train"), [24, undefined]);
  assertEquals(byPath.get("detector.canvases"), [[[64, 64]], [[64, 96]]]);
  assertEquals(byPath.has("search.population"), false);
  assertNotEquals(configHash(other), configHash(config));
});

Deno.test("a config without measured statistics is the experiment that it was before there were any", () => {
  const { statistics: _statistics, ...retrain } = config.retrain;
  const older = { ...config, retrain } as Config;
  const without = parseConfig({ ...config, retrain }, "older");
  assertEquals(without.retrain.statistics, null);
  assertEquals([configHash(without), configDifferences(without, older)], [configHash(older), []]);
  assertNotEquals(configHash(config), configHash(older));
});

Deno.test("a config without colour jitter is the experiment that it was before there was any", () => {
  const lacking = (training: Config["finetune"]): object => {
    const { colorJitter: _colorJitter, ...rest } = training;
    return rest;
  };
  const older = { ...config, finetune: lacking(config.finetune), retrain: lacking(config.retrain) } as Config;
  const without = parseConfig(older, "older");
  assertEquals([without.finetune.colorJitter, without.retrain.colorJitter], [0, 0]);
  assertEquals([configHash(without), configDifferences(without, older)], [configHash(older), []]);
  const jittered = { ...without, finetune: { ...without.finetune, colorJitter: 0.2 } };
  assertEquals(configDifferences(without, jittered).map(({ path }) => path), ["finetune.colorJitter"]);
});
