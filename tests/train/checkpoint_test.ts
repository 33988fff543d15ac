import { assertEquals, assertRejects, assertStringIncludes, fail } from "@std/assert";
import { differenceText } from "../../lib/run/origin.ts";
import {
  type Checkpoint,
  type CheckpointOrigin,
  checkpointSteps,
  loadNewestCheckpoint,
  type LoadOptions,
  saveCheckpoint,
} from "../../lib/train/checkpoint.ts";

const origin: CheckpointOrigin = {
  configHash: "c0",
  seed: 1,
  threads: 2,
  versions: { tensorflow: "2.21.0" },
};

function checkpoint(step: number): Checkpoint {
  const data = Float32Array.of(step, 0.5, -1);
  return {
    step,
    origin,
    files: {
      parameters: new Map([["stem.weight", { dtype: "F32", shape: [3], data }]]),
      momenta: new Map([["stem.weight", { dtype: "F32", shape: [1, 3], data: data.map((x) => -x) }]]),
    },
    metadata: { shuffleMethod: "2", 3: "integer keys too" },
  };
}

async function withFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}

Deno.test("loadNewestCheckpoint() gives back what saveCheckpoint() was given", () =>
  withFolder(async (dir) => {
    assertEquals(await loadNewestCheckpoint(dir, { origin }), null);
    assertEquals(await saveCheckpoint(dir, checkpoint(4)), `${dir}/step-4`);
    assertEquals(await names(`${dir}/step-4`), [
      "manifest.json",
      "momenta.safetensors",
      "parameters.safetensors",
    ]);
    assertEquals(await loadNewestCheckpoint(dir, { origin }), checkpoint(4));
  }));

Deno.test("saveCheckpoint() writes the same bytes for the same state", () =>
  withFolder(async (dir) => {
    for (const part of ["a", "b"]) await Deno.mkdir(`${dir}/${part}`);
    const [a, b] = [
      await saveCheckpoint(`${dir}/a`, checkpoint(1)),
      await saveCheckpoint(`${dir}/b`, checkpoint(1)),
    ];
    for (const name of await names(a)) {
      assertEquals(await Deno.readFile(`${a}/${name}`), await Deno.readFile(`${b}/${name}`), name);
    }
  }));

Deno.test("saveCheckpoint() keeps the newest two, by number and not by name", () =>
  withFolder(async (dir) => {
    for (const step of [8, 9, 10]) await saveCheckpoint(dir, checkpoint(step));
    assertEquals(await checkpointSteps(dir), [9, 10]);
    await saveCheckpoint(dir, checkpoint(11), { keep: 1 });
    assertEquals(await names(dir), ["step-11"]);
  }));

Deno.test("saveCheckpoint() replaces one of the same step, and drops those past it", () =>
  withFolder(async (dir) => {
    for (const step of [4, 8]) await saveCheckpoint(dir, checkpoint(step));
    const replaced = { ...checkpoint(4), metadata: { note: "second" } };
    await saveCheckpoint(dir, replaced);
    assertEquals(await names(dir), ["step-4"]);
    assertEquals(await loadNewestCheckpoint(dir, { origin }), replaced);
  }));

Deno.test("loadNewestCheckpoint() finds a flipped byte anywhere, names the file and takes the one before", () =>
  withFolder(async (dir) => {
    await saveCheckpoint(dir, checkpoint(4));
    await saveCheckpoint(dir, checkpoint(8));
    for (const name of await names(`${dir}/step-8`)) {
      const path = `${dir}/step-8/${name}`;
      const whole = await Deno.readFile(path);
      for (let i = 0; i < whole.length; i++) {
        const flipped = whole.slice();
        flipped[i] ^= 1 << (i % 8);
        await Deno.writeFile(path, flipped);
        const reasons: string[] = [];
        const loaded = await loadNewestCheckpoint(dir, {
          origin,
          onDamaged: (reason) => reasons.push(reason),
        });
        assertEquals([loaded?.step, reasons.length], [4, 1], `byte ${i} of ${name}`);
        assertStringIncludes(reasons[0], `Cannot use ${path}: `);
      }
      await Deno.writeFile(path, whole);
    }
    assertEquals((await loadNewestCheckpoint(dir, { origin }))?.step, 8);
  }));

Deno.test("loadNewestCheckpoint() finds a truncated or missing file, names it and takes the one before", () =>
  withFolder(async (dir) => {
    await saveCheckpoint(dir, checkpoint(4));
    await saveCheckpoint(dir, checkpoint(8));
    for (const name of await names(`${dir}/step-8`)) {
      const path = `${dir}/step-8/${name}`;
      const whole = await Deno.readFile(path);
      for (const length of [0, 1, whole.length - 1, null]) {
        if (length === null) await Deno.remove(path);
        else await Deno.writeFile(path, whole.subarray(0, length));
        const reasons: string[] = [];
        const loaded = await loadNewestCheckpoint(dir, {
          origin,
          onDamaged: (reason) => reasons.push(reason),
        });
        assertEquals([loaded?.step, reasons.length], [4, 1], `${length} bytes of ${name}`);
        assertStringIncludes(reasons[0], `Cannot use ${path}: it ${length === null ? "is missing" : ""}`);
      }
      await Deno.writeFile(path, whole);
    }
  }));

Deno.test("loadNewestCheckpoint() gives null and every reason if all are damaged", () =>
  withFolder(async (dir) => {
    for (const step of [4, 8]) {
      await Deno.writeTextFile(`${await saveCheckpoint(dir, checkpoint(step))}/manifest.json`, "null");
    }
    const reasons: string[] = [];
    assertEquals(
      await loadNewestCheckpoint(dir, { origin, onDamaged: (reason) => reasons.push(reason) }),
      null,
    );
    assertEquals(
      reasons,
      [8, 4].map((step) => `Cannot use ${dir}/step-${step}/manifest.json: it is no JSON object`),
    );
  }));

Deno.test("loadNewestCheckpoint() removes what was being written, and doesn't read it", () =>
  withFolder(async (dir) => {
    await saveCheckpoint(dir, checkpoint(4));
    await Deno.mkdir(`${dir}/step-8.tmp`);
    await Deno.writeTextFile(`${dir}/step-8.tmp/manifest.json`, "{");
    const onDamaged = (reason: string): never => {
      throw new Error(reason);
    };
    assertEquals((await loadNewestCheckpoint(dir, { origin, onDamaged }))?.step, 4);
    assertEquals(await names(dir), ["step-4"]);
  }));

Deno.test("loadNewestCheckpoint() refuses another origin and names every field, or goes on and tells of it", () =>
  withFolder(async (dir) => {
    const known = { ...origin, data: "d0", device: "cpu" };
    await saveCheckpoint(dir, { ...checkpoint(4), origin: known });
    const versions = { tensorflow: "2.21.0" };
    const others: [CheckpointOrigin, string][] = [
      [{ ...known, threads: 4 }, "threads was 2 and is now 4"],
      [{ ...known, workers: 2 }, "workers was 1 and is now 2"],
      [{ ...known, seed: 2 }, "seed was 1 and is now 2"],
      [{ ...known, data: "d1" }, "data was d0 and is now d1"],
      [{ ...known, device: "gpu" }, "device was cpu and is now gpu"],
      [{ ...known, configHash: "c1" }, "config was c0 and is now c1"],
      [
        { ...known, versions: { tensorflow: "2.22.0" } },
        "version of tensorflow was 2.21.0 and is now 2.22.0",
      ],
      [{ ...known, versions: {} }, "version of tensorflow was 2.21.0 and is now absent"],
      [{ ...known, versions: { ...versions, v8: "15.1" } }, "version of v8 was absent and is now 15.1"],
      [
        { ...known, configHash: "c1", seed: 2, threads: 1 },
        "seed was 1 and is now 2; threads was 2 and is now 1; config was c0 and is now c1",
      ],
    ];
    for (const [other, message] of others) {
      const load = (): Promise<Checkpoint | null> => loadNewestCheckpoint(dir, { origin: other });
      await assertRejects(load, RangeError, `Cannot go on from ${dir}/step-4 as ${message}: `);
      const told: string[] = [];
      const onDifference: LoadOptions["onDifference"] = (path, difference) =>
        told.push(`${path} ${differenceText(difference)}`);
      const options = { origin: other, approximate: true, onDifference };
      assertEquals((await loadNewestCheckpoint(dir, options))?.step, 4);
      assertEquals(told, message.split("; ").map((one) => `${dir}/step-4 ${one}`));
    }
    const onDifference = (path: string): never => fail(path);
    assertEquals((await loadNewestCheckpoint(dir, { origin: known, onDifference }))?.step, 4);
  }));

Deno.test("loadNewestCheckpoint() compares data only where both sides know them", () =>
  withFolder(async (dir) => {
    await saveCheckpoint(dir, checkpoint(4));
    assertEquals((await loadNewestCheckpoint(dir, { origin: { ...origin, data: "d1" } }))?.step, 4);
    await saveCheckpoint(dir, { ...checkpoint(8), origin: { ...origin, data: "d0" } });
    assertEquals((await loadNewestCheckpoint(dir, { origin }))?.step, 8);
  }));

Deno.test("saveCheckpoint() on a disk that fills up names the file and leaves the others whole", () =>
  withFolder(async (dir) => {
    await saveCheckpoint(dir, checkpoint(4));
    for (const capacity of [0, 10, 400]) {
      let written = 0;
      const create = async (path: string) => {
        const file = await Deno.open(path, { write: true, createNew: true });
        return {
          write: (bytes: Uint8Array): Promise<number> => {
            written += bytes.length;
            if (written <= capacity) return file.write(bytes);
            throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
          },
          sync: () => file.sync(),
          [Symbol.dispose]: () => file.close(),
        };
      };
      const save = (): Promise<string> => saveCheckpoint(dir, checkpoint(8), { create });
      await assertRejects(save, Error, `Cannot write ${dir}/step-8.tmp/`);
      await assertRejects(save, Error, "as the disk is full");
      assertEquals(await names(dir), ["step-4"]);
    }
    assertEquals(await loadNewestCheckpoint(dir, { origin }), checkpoint(4));
  }));

Deno.test("a checkpoint off the schedule stays until the next, and leaves what a training without a stop leaves", () =>
  withFolder(async (dir) => {
    const isScheduled = (step: number): boolean => step % 10 === 0 || step === 45;
    const left: Record<number, string[]> = {};
    for (const step of [10, 20, 23, 24, 30, 40, 43, 45]) {
      await saveCheckpoint(dir, checkpoint(step), { isScheduled });
      left[step] = await names(dir);
    }
    assertEquals(left, {
      10: ["step-10"],
      20: ["step-10", "step-20"],
      23: ["step-10", "step-20", "step-23"],
      24: ["step-10", "step-20", "step-24"],
      30: ["step-20", "step-30"],
      40: ["step-30", "step-40"],
      43: ["step-30", "step-40", "step-43"],
      45: ["step-40", "step-45"],
    });
  }));
