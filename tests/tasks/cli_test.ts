import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Config } from "../../lib/config/schema.ts";
import { openRun } from "../../lib/run/run_folder.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";
import { type Invocation, resolveConfig } from "../../tasks/cli.ts";
import { type Command, commands, flagsOf } from "../../tasks/commands.ts";

type RunInvocation = Extract<Invocation, { config: Config }>;

async function resolved(...args: string[]): Promise<RunInvocation> {
  const invocation = await resolveConfig("search", args);
  assert(invocation.help === null);
  return invocation;
}

async function messageOf(...args: string[]): Promise<string> {
  return (await assertRejects(() => resolveConfig("search", args))).message;
}

async function withFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("resolveConfig() without flags gives the shapes demo in runs/shapes on all cores", () =>
  withFolder(async (dir) => {
    // A process of its own, as there may be runs where the tests are started, and they share their folder
    const program = new URL("_default_config.ts", import.meta.url).href;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", "--allow-env", "--allow-run", program],
      cwd: dir,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { config, runDir, approximate } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals([config.name, runDir, approximate], ["shapes", "runs/shapes", false]);
    assertEquals(config.device, {
      kind: "cpu",
      threads: navigator.hardwareConcurrency,
      kernels: "auto",
    });
    assertEquals(config.space.stageChannels, [...searchSpaces.small.stageChannels]);
  }));

Deno.test("resolveConfig() puts each flag's value into its field, and --set has the last word", async () => {
  const { config, runDir, approximate } = await resolved(
    ...[
      "--config",
      "photos",
      "--data",
      "cells",
      "--pretrain-data=cifar",
      "--run",
      "runs/mine",
      "--workers",
      "2",
    ],
    ...["--device", "gpu", "--threads", "3", "--kernels", "xla", "--seed", "5", "--approximate"],
    ...["--set", "seed=6", "--set", "search.budget.macs=2e8", "--set", "detector.norm=none"],
    ...["--set", "detector.canvases=[[64,64]]", "--set", 'name="mine"'],
  );
  assertEquals(config.detectionData, { kind: "folder", path: "cells", searchImages: null });
  assertEquals(config.pretrainData, { kind: "folder", path: "cifar" });
  assertEquals([runDir, config.workers, config.seed, config.name], ["runs/mine", 2, 6, "mine"]);
  assertEquals(config.device, { kind: "gpu", threads: 3, kernels: "xla" });
  assertEquals([config.search.budget.macs, config.detector.norm], [2e8, "none"]);
  assertEquals(config.detector.canvases, [[64, 64]]);
  assertEquals(approximate, true);
});

Deno.test("resolveConfig() changes neither the named config nor a later call's", async () => {
  await resolved(
    "--set",
    "search.budget.macs=1",
    "--set",
    "finetune.duration.epochs=2",
    "--set",
    "space.name=x",
  );
  const { config } = await resolved();
  assertEquals([config.search.budget.macs, config.space.name], [300e6, "small"]);
  assertEquals("steps" in config.finetune.duration, true);
});

Deno.test("resolveConfig() sets one unit of a duration in the other's place, and one number of a named space", async () => {
  const { config } = await resolved("--set", "finetune.duration.epochs=2.5", "--set", "space.stemChannels=8");
  assertEquals(config.finetune.duration, { epochs: 2.5 });
  assertEquals([config.space.stemChannels, config.space.lastChannels], [8, 1024]);
});

Deno.test("resolveConfig() names an unknown flag and the nearest valid one", async () => {
  assertEquals(
    await messageOf("--confg", "shapes"),
    "Cannot understand --confg: there is no such flag; did you mean --config?",
  );
  assertEquals(
    await messageOf("--seeds=3"),
    "Cannot understand --seeds: there is no such flag; did you mean --seed?",
  );
  assertEquals(
    await messageOf("--no-help"),
    "Cannot understand --no-help: there is no such flag; did you mean --help?",
  );
  assertStringIncludes(
    await messageOf("shapes"),
    'Cannot understand "shapes": deno task search takes flags only',
  );
});

Deno.test("resolveConfig() names a flag that lacks its value", async () => {
  assertEquals(
    await messageOf("--data", "--seed", "1"),
    "Cannot understand --data without a value: wanted --data DIR",
  );
  assertEquals(
    await messageOf("--set"),
    "Cannot understand --set without a value: wanted --set KEY.PATH=VALUE",
  );
  assertEquals(await messageOf("--set", "seed"), "Cannot understand --set seed: wanted --set KEY.PATH=VALUE");
});

Deno.test("resolveConfig() names an unknown config and the nearest valid one", async () => {
  assertEquals(
    await messageOf("--config", "shapes-tin"),
    'Cannot find config "shapes-tin": there are shapes, shapes-tiny, tree-crowns, photos, photos-fpn, ' +
      "the paper's (see --help), or a FILE.json; did you mean shapes-tiny?",
  );
});

Deno.test("resolveConfig() names an unknown field and the nearest valid one, from anywhere in the config", async () => {
  const cases = [["search.populaton", "search.population"], ["sed", "seed"], [
    "pretrain.dropuot",
    "pretrain.dropout",
  ]];
  for (const [path, best] of cases) {
    assertEquals(
      await messageOf("--set", `${path}=1`),
      `Cannot set ${path}: there is no such field; did you mean ${best}?`,
    );
  }
  assertEquals(
    await messageOf("--set", "retrain.classification.dropout=0"),
    "Cannot set retrain.classification.dropout as retrain.classification is null: set retrain.classification as a whole",
  );
});

Deno.test("resolveConfig() names config, flag, field and value of what is out of range or of the wrong type", async () => {
  assertEquals(
    await messageOf("--device", "gup"),
    'Cannot read config shapes --device gup: device.kind is "gup", wanted one of "cpu", "gpu"; did you mean "gpu"?',
  );
  assertEquals(
    await messageOf("--seed", "one"),
    'Cannot read config shapes --seed one: seed is "one", wanted a whole number',
  );
  assertStringIncludes(await messageOf("--workers", "0"), "workers is 0, wanted >= 1");
  assertStringIncludes(
    await messageOf("--set", "search.parents=99"),
    "search.parents is 99, wanted at most search.pop",
  );
});

Deno.test("resolveConfig() keeps how many images the config sets apart for the search, whatever folder is named", async () => {
  const { config } = await resolved(
    "--config",
    "coco-fpn-300m",
    "--data",
    "coco",
    "--pretrain-data",
    "imagenet",
  );
  assertEquals(config.detectionData, { kind: "folder", path: "coco", searchImages: 5000 });
});

Deno.test("resolveConfig() puts an architecture or another run's supernet in the search's or the training's place", async () => {
  const { config } = await resolved("--config", "shapes", "--architecture", "0", "--supernet", "runs/other");
  assertEquals([config.architecture, config.supernetRun], ["0", "runs/other"]);
  assertEquals(
    await messageOf("--config", "shapes", "--architecture", "random"),
    'Cannot read config shapes --architecture random: retrain.initialise is "supernet", wanted "scratch", as an ' +
      "architecture without a search has no supernet to start from unless supernetRun names one: add --supernet RUN, " +
      "or --set retrain.initialise=scratch",
  );
});

Deno.test("resolveConfig() hands a command its own flags, and no other command takes them", async () => {
  const invocation = await resolveConfig("rank", ["--architectures", "3"]);
  assert(invocation.help === null);
  assertEquals(invocation.flags.get("architectures"), "3");
  assertEquals(
    await messageOf("--architectures", "3"),
    "Cannot understand --architectures: there is no such flag; did you mean --architecture?",
  );
});

Deno.test("resolveConfig() gives the dashboard's port: any free one, a named one, or none, where it can be watched", async () => {
  const portOf = async (...args: string[]): Promise<number | null> => {
    const invocation = await resolveConfig("pretrain", args);
    assert(invocation.help === null);
    return invocation.dashboardPort;
  };
  assertEquals([await portOf(), await portOf("--dashboard")], [null, 0]);
  assertEquals(await portOf("--dashboard", "--dashboard-port", "8123"), 8123);
  assertEquals(await portOf("--dashboard-port=8123"), 8123);
  assertEquals(
    await messageOf("--dashboard-port", "65536"),
    "Cannot understand --dashboard-port 65536: wanted a port, 0 to 65535",
  );
  assertEquals(
    await messageOf("--dashboard-port", "any"),
    "Cannot understand --dashboard-port any: wanted a whole number of at least 0",
  );
  await assertRejects(() => resolveConfig("doctor", ["--dashboard"]), TypeError, "there is no such flag");
});

Deno.test("resolveConfig() asks for the images that a config has none of itself", async () => {
  assertEquals(
    await messageOf("--config", "photos"),
    "Cannot use config photos without images: give --data DIR, a folder in Pascal VOC's or COCO's layout",
  );
});

Deno.test("resolveConfig() reads a config file, and names one that is missing or no JSON or no config", () =>
  withFolder(async (dir) => {
    const { config } = await resolved("--config", "shapes-tiny", "--threads", "2");
    const path = `${dir}/mine.json`;
    await Deno.writeTextFile(path, JSON.stringify({ ...config, name: "mine" }));
    assertEquals(await resolved("--config", path), {
      help: null,
      config: { ...config, name: "mine" },
      runDir: "runs/mine",
      approximate: false,
      openPorts: false,
      tensorboard: false,
      dashboardPort: null,
      flags: new Map([["config", path]]),
    });
    assertEquals(
      await messageOf("--config", `${dir}/x.json`),
      `Cannot read ${dir}/x.json: there is no such file`,
    );
    await Deno.writeTextFile(path, "{");
    assertStringIncludes(await messageOf("--config", path), `Cannot read ${path}: it is no JSON: `);
    await Deno.writeTextFile(path, "[1]");
    assertEquals(await messageOf("--config", path), `Cannot read ${path}: it holds [1], wanted an object`);
    await Deno.writeTextFile(path, JSON.stringify({ ...config, serch: {} }));
    assertEquals(
      await messageOf("--config", path),
      `Cannot read ${path}: serch is no known field; did you mean "search"?`,
    );
  }));

Deno.test("resolveConfig() takes the config of the run that --run names, and its threads", () =>
  withFolder(async (dir) => {
    const first = await resolved("--config", "shapes-tiny", "--run", dir, "--seed", "3", "--threads", "7");
    await (await openRun(dir, first.config))[Symbol.asyncDispose]();
    assertEquals((await resolved("--run", dir)).config, first.config);
    const again = await resolved("--config", "shapes-tiny", "--run", dir, "--seed", "3");
    assertEquals(again.config.device.threads, 7);
    assertEquals((await resolved("--run", `${dir}/none`)).config.name, "shapes");
  }));

Deno.test("resolveConfig() shows every flag in each command's help, before it looks at the rest", async () => {
  for (const command of Object.keys(commands) as Command[]) {
    for (const flag of ["--help", "-h"]) {
      const { help } = await resolveConfig(command, ["--config", "no such", flag]);
      assert(help !== null);
      assertStringIncludes(help, `deno task ${command} [flags]\n\n${commands[command]}\n`);
      for (const { name, help: text } of flagsOf(command)) assertStringIncludes(help, `--${name}`, text);
    }
  }
});
