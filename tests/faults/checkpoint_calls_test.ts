import { assert, assertEquals } from "@std/assert";
import { loadNewestCheckpoint, saveCheckpoint } from "../../lib/train/checkpoint.ts";
import { checkpointOf } from "./_save_checkpoint.ts";

const program = new URL("_save_checkpoint.ts", import.meta.url).href;

/** Saves step 2 over step 1 in a process that is killed before a call; gives what is there then, and whether it got by. */
async function killedAt(
  call: number,
): Promise<{ step: number | undefined; left: string[]; isSaved: boolean }> {
  const dir = await Deno.makeTempDir({ prefix: "detnas_checkpoint_" });
  try {
    const first = checkpointOf(1);
    await saveCheckpoint(dir, first);
    const { stdout, signal } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-write",
        "--allow-run",
        "--allow-sys",
        program,
        dir,
        String(call),
      ],
      stderr: "inherit",
    }).output();
    const isSaved = new TextDecoder().decode(stdout) === "saved\n";
    assertEquals(signal, isSaved ? null : "SIGKILL");
    const damaged: string[] = [];
    const found = await loadNewestCheckpoint(dir, {
      origin: first.origin,
      onDamaged: (reason) => damaged.push(reason),
    });
    assertEquals(damaged, []);
    if (found !== null) assertEquals(found.files, checkpointOf(found.step).files, "a mixture of two steps");
    return {
      step: found?.step,
      left: (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name),
      isSaved,
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test({
  name:
    "a process that is killed at any call of a checkpoint leaves the old one or the new one, whole, and no litter",
  ignore: Deno.build.os === "windows",
  async fn(): Promise<void> {
    const steps: (number | undefined)[] = [];
    for (let call = 1;; call++) {
      const { step, left, isSaved } = await killedAt(call);
      assert(left.every((name) => /^step-[12]$/.test(name)), left.join());
      if (isSaved) break;
      steps.push(step);
    }
    assert(steps.length > 10, `only ${steps.length} calls were met`);
    const renamed = steps.indexOf(2);
    assertEquals(steps, steps.map((_, i) => i < renamed ? 1 : 2), "once the new one is there, it stays");
    assert(renamed > 0, "the new one is there only at the end");
  },
});
