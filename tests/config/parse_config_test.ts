import { assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { configPaths } from "../../lib/config/config_paths.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";
import { configs } from "../../tasks/configs/mod.ts";

/** A valid config as plain data, with the value at a dotted path replaced (or removed, if undefined). */
function edited(path: string, value: unknown, name = "shapes"): unknown {
  const config = structuredClone({ ...configs.get(name), device: { kind: "cpu", threads: 2 } });
  if (path === "") return config;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  // deno-lint-ignore no-explicit-any
  const parent = keys.reduce<any>((node, key) => node[key], config);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return config;
}

Deno.test("parseConfig() accepts each named config, and its own result", () => {
  for (const name of configs.keys()) {
    // A folder is filled in by its flag.
    const filled = edited("", null, name) as Record<string, Record<string, unknown> | null>;
    for (const field of ["pretrainData", "detectionData"]) {
      if (filled[field]?.kind === "folder") filled[field] = { ...filled[field], path: "data" };
    }
    const config = parseConfig(filled, name);
    assertEquals(parseConfig(JSON.parse(JSON.stringify(config)), name), config);
  }
});

Deno.test("parseConfig() puts a named space's numbers in its place", () => {
  const config = parseConfig(edited("space", "large-1.3G"), "config shapes");
  assertEquals(config.space, JSON.parse(JSON.stringify(searchSpaces["large-1.3G"])));
});

Deno.test("parseConfig() names the field, the value found and the value wanted", () => {
  const shuffled = {
    name: "s",
    choices: [{ kind: "shuffle", kernel: 9 }, { kind: "xception", kernel: 3 }],
    stem: "shufflenet",
    stageRepeats: [1, 1, 1, 1],
    stemChannels: 4,
    lastChannels: 8,
    resolution: 64,
  };
  const cases: [string, unknown, typeof TypeError | typeof RangeError, string][] = [
    ["seed", undefined, TypeError, "seed is missing, wanted a whole number"],
    ["seed", "one", TypeError, 'seed is "one", wanted a whole number'],
    ["seed", 1.5, TypeError, "seed is 1.5, wanted a whole number"],
    ["seed", -1, RangeError, "seed is -1, wanted >= 0"],
    ["workers", 0, RangeError, "workers is 0, wanted >= 1"],
    ["name", "a/b", RangeError, 'name is "a/b", wanted letters, digits and . _ - only'],
    [
      "device.kind",
      "gpus",
      RangeError,
      'device.kind is "gpus", wanted one of "cpu", "gpu"; did you mean "gpu"?',
    ],
    ["shuffleMethod", 3, RangeError, "shuffleMethod is 3, wanted one of 1, 2"],
    [
      "space",
      "smal",
      RangeError,
      'space is "smal", wanted a space or one of "small", "large-1.3G", "large-3.8G", ',
    ],
    [
      "space",
      { ...shuffled, stageChannels: [8, 12, 18, 24] },
      RangeError,
      "space.stageChannels[2] is 18, wanted a mu",
    ],
    [
      "space",
      { ...shuffled, stageChannels: [8, 12, 16] },
      RangeError,
      "space.stageChannels is [8,12,16], wanted a num",
    ],
    [
      "space",
      { ...shuffled, stageChannels: [8, 12, 12, 16] },
      RangeError,
      "must be more than the 12 channels before",
    ],
    ["pretrainData.kind", "shape", RangeError, 'wanted one of "folder", "shapes"; did you mean "shapes"?'],
    [
      "pretrainData",
      { kind: "folder", path: "" },
      RangeError,
      'pretrainData.path is "", wanted a number of characters >=',
    ],
    ["pretrain.duration", {}, RangeError, "pretrain.duration is {}, wanted exactly one of { steps"],
    [
      "pretrain.duration",
      { steps: 3, epochs: 1 },
      RangeError,
      'pretrain.duration is {"steps":3,"epochs":1}, wanted exactly',
    ],
    ["pretrain.resolutionPx", 50, RangeError, "pretrain.resolutionPx is 50, wanted a multiple of 32"],
    [
      "pretrain.cropScale",
      [1, 0.5],
      RangeError,
      "pretrain.cropScale is [1,0.5], wanted [min, max] with min <= max",
    ],
    ["pretrain.momentum", 1, RangeError, "pretrain.momentum is 1, wanted < 1"],
    ["finetune.flip", "yes", TypeError, 'finetune.flip is "yes", wanted a boolean'],
    [
      "finetune.decayAt",
      [0.9, 0.6],
      RangeError,
      "finetune.decayAt is [0.9,0.6], wanted fractions in ascending order",
    ],
    ["finetune.decayAt", [0.5, 1], RangeError, "finetune.decayAt[1] is 1, wanted < 1"],
    [
      "detector.levels",
      [5, 3],
      RangeError,
      "detector.levels is [5,3], wanted [first, last] with first <= last",
    ],
    [
      "detector.canvases",
      [[128, 100]],
      RangeError,
      "detector.canvases[0][1] is 100, wanted a multiple of 32",
    ],
    ["detector.canvases", [], RangeError, "detector.canvases is [], wanted a number of entries >= 1"],
    [
      "detector.backgroundIou",
      0.6,
      RangeError,
      "detector.backgroundIou is 0.6, wanted at most detector.foregroundIou",
    ],
    [
      "space",
      { ...shuffled, choices: [{ kind: "shuffle", kernel: 4 }], stageChannels: [8, 12, 16, 20] },
      RangeError,
      "space.choices[0].kernel is 4, wanted an odd number",
    ],
    ["detector.kind", "faster_rcnn", RangeError, 'wanted one of "retinanet", "faster-rcnn"'],
    ["detector.levels", [2, 6], RangeError, "detector.levels is [2,6], wanted 3 or more, for RetinaNet"],
    ["pretrainData", null, RangeError, "pretrainData is null, wanted a folder or shapes, as pretrain"],
    [
      "architecture",
      "random",
      RangeError,
      'retrain.initialise is "supernet", wanted "scratch", as an architecture',
    ],
    ["search.strategies", ["random", "random"], RangeError, "wanted each at most once"],
    ["search.strategies", ["evolutoin"], RangeError, 'did you mean "evolution"?'],
    ["paths.finetune.kind", "fiar", RangeError, 'wanted one of "uniform", "fair", "macs-bins"'],
    [
      "search.budget.latencyMs",
      5,
      RangeError,
      "search.latencyTable is null, wanted a file that deno task profile wrote",
    ],
    ["search.parents", 13, RangeError, "search.parents is 13, wanted at most search.population"],
    [
      "search.mutants",
      8,
      RangeError,
      "search.mutants is 8, wanted at most search.population less search.crossovers",
    ],
    [
      "retrain.initialise",
      "sctrach",
      RangeError,
      'wanted one of "supernet", "scratch"; did you mean "scratch"?',
    ],
  ];
  for (const [path, value, errorType, message] of cases) {
    const error = assertThrows(() => parseConfig(edited(path, value), "run.json"), errorType, message);
    assertEquals([error.name, error.message.startsWith("Cannot ")], [errorType.name, true], error.message);
  }
});

Deno.test("parseConfig() refuses a search by top-1 accuracy of a supernet that learns no classes", () => {
  const config = edited("pretrain", null) as { search: object };
  assertThrows(
    () => parseConfig({ ...config, search: { ...config.search, objective: "classification" } }, "run.json"),
    RangeError,
    'search.objective is "classification", wanted "detection", as pretrain is null',
  );
});

Deno.test("parseConfig() names an unknown field and the nearest valid one beside it", () => {
  const cases: [string, string][] = [
    ["sed", 'sed is no known field; did you mean "seed"?'],
    ["search.populaton", 'search.populaton is no known field; did you mean "population"?'],
    ["search.budget.mac", 'search.budget.mac is no known field; did you mean "macs"?'],
    ["detectionData.test2", 'detectionData.test2 is no known field; did you mean "test"?'],
  ];
  for (const [path, message] of cases) {
    assertThrows(
      () => parseConfig(edited(path, 1), "run.json"),
      TypeError,
      `Cannot read run.json: ${message}`,
    );
  }
});

Deno.test("parseConfig() lists every fault, one a line", () => {
  const config = edited("seed", -1);
  const error = assertThrows(() => parseConfig({ ...config as object, wrkers: 1 }, "run.json"), TypeError);
  assertEquals(error.message.split("\n"), [
    "Cannot read run.json:",
    "  seed is -1, wanted >= 0",
    '  wrkers is no known field; did you mean "workers"?',
  ]);
});

Deno.test("parseConfig() refuses what is no object", () => {
  assertThrows(() => parseConfig(null, "run.json"), TypeError, "the config is null, wanted an object");
});

Deno.test("configPaths() has every alternative's fields, from general to particular", () => {
  const paths = configPaths();
  for (const path of ["seed", "search.budget.macs", "finetune.duration.steps", "finetune.duration.epochs"]) {
    assertEquals(paths.includes(path), true, path);
  }
  assertEquals(paths.includes("detectionData.path") && paths.includes("detectionData.widthPx"), true);
  assertEquals(paths.includes("retrain.classification.dropout"), true);
  assertEquals(paths.indexOf("search") < paths.indexOf("search.budget"), true);
  assertEquals(new Set(paths).size, paths.length);
});

Deno.test("parseConfig() takes a config from before there was an early stop as one without", () => {
  const { search } = parseConfig(edited("search.earlyStop", undefined), "older.json");
  assertEquals(search.earlyStop, null);
});
