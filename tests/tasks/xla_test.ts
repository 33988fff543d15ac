import { assertEquals, assertStringIncludes } from "@std/assert";
import { runJob, withFolder } from "../helpers/job.ts";

/** Few units are compiled: one step, and a check on few images. */
const settings = [
  ...["--config", "shapes-tiny", "--threads", "2", "--kernels", "xla"],
  ...["--set", "pretrain.duration.steps=1"],
];

Deno.test("a run with --kernels xla says so, records it, and does not go on with other kernels", () =>
  withFolder(async (folder) => {
    const run = ["--run", `${folder}/run`];
    const trained = await runJob("pretrain", [...settings, ...run]);
    assertEquals(trained.code, 0, trained.stderr);
    assertStringIncludes(trained.stdout + trained.stderr, "blocks by xla");
    const manifest = JSON.parse(await Deno.readTextFile(`${folder}/run/pretrain/step-1/manifest.json`));
    assertEquals(manifest.origin.versions.kernels, "xla");
    const other = await runJob("finetune", [...run, "--kernels", "tensorflow"]);
    assertEquals(other.code, 1);
    assertStringIncludes(other.stderr, "version of kernels was xla and is now tensorflow");
  }));
