/**
 * Several workers that train together, as processes of their own: they act as one worker on the whole batch, stay equal
 * to the last bit, and leave together when one is lost.
 */
import { assert, assertEquals, assertGreater, assertLess, assertMatch, fail } from "@std/assert";
import { decodeSafetensors, type StoredTensor } from "../../lib/train/safetensors.ts";
import { runGroup, type WorkerEnd } from "../helpers/worker_group.ts";
import type { SynchronizedTask } from "./_synchronized_worker.ts";

const program = new URL("_synchronized_worker.ts", import.meta.url);
const timeoutMs = 90_000;

/** What workers leave behind. */
interface Outcome {
  readonly ends: readonly WorkerEnd[];
  /** Each worker's, by step. JSON has no NaN: null. */
  readonly losses: readonly (readonly (number | null)[])[];
  /** Each worker's network after the first and the last step. */
  readonly first: readonly ReadonlyMap<string, StoredTensor>[];
  readonly last: readonly ReadonlyMap<string, StoredTensor>[];
}

const quiet: Omit<SynchronizedTask, "folder" | "training" | "batchSize"> = {
  seed: 1,
  smooth: false,
  fused: false,
  syncBatchNorm: "counts",
  steps: 3,
  arrivalSeed: null,
  fault: null,
};

async function run(
  workers: number,
  task: Omit<SynchronizedTask, "folder">,
  read = true,
): Promise<Outcome> {
  const folder = await Deno.makeTempDir({ prefix: "detnas_synchronized_" });
  try {
    await Deno.writeTextFile(`${folder}/task.json`, JSON.stringify({ ...task, folder }));
    const lost = task.fault !== null && ["kill", "stop"].includes(task.fault.kind) ? [task.fault.rank] : [];
    const ends = await runGroup({ program, args: [`${folder}/task.json`], workers, lost, timeoutMs });
    if (!read) return { ends, losses: [], first: [], last: [] };
    ends.forEach(({ code, log }, rank) => assertEquals(code, 0, `worker ${rank}: ${log}`));
    const ranks = ends.map((_, rank) => rank);
    const network = async (rank: number, step: number): Promise<ReadonlyMap<string, StoredTensor>> => {
      const name = `${rank}.${step}.safetensors`;
      return decodeSafetensors(await Deno.readFile(`${folder}/${name}`), name).tensors;
    };
    return {
      ends,
      losses: await Promise.all(
        ranks.map(async (rank) => JSON.parse(await Deno.readTextFile(`${folder}/${rank}.losses.json`))),
      ),
      first: await Promise.all(ranks.map((rank) => network(rank, 0))),
      last: await Promise.all(ranks.map((rank) => network(rank, task.steps - 1))),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The largest of the trainings'; how far a parameter's gradient moves it. */
const learningRate = 0.1;

/**
 * To `relative` of what a tensor's values are made of, and float32's rounding of sums that cancel to nothing. Gradients, which
 * the momentum is after one step, have come through up to twenty batch norms of few values: they get twice that.
 */
function assertNear(
  actual: ReadonlyMap<string, StoredTensor>,
  wanted: ReadonlyMap<string, Values>,
  relative = 1e-5,
): void {
  for (const [name, { data }] of wanted) {
    const [is, should] = [Array.from(actual.get(name)!.data, Number), Array.from(data, Number)];
    const allowed = allowedDifference(name, wanted, relative);
    is.forEach((value, i) => {
      if (Math.abs(value - should[i]) <= allowed) return;
      fail(`${name}[${i}] is ${value}, should be ${should[i]} to ${allowed}`);
    });
  }
}

type Values = Pick<StoredTensor, "data">;

/** A mean is made of values as far from it as their deviation; a parameter has moved by its gradient. */
function allowedDifference(name: string, network: ReadonlyMap<string, Values>, relative: number): number {
  const most = largest(network.get(name)!);
  if (name.endsWith(".momentum")) return 2 * relative * most + 2e-7;
  const variance = name.endsWith(".mean") ? network.get(name.replace(/mean$/, "variance")) : undefined;
  const deviation = variance === undefined ? 0 : Math.sqrt(largest(variance));
  const gradient = network.has(`${name}.momentum`)
    ? allowedDifference(`${name}.momentum`, network, relative)
    : 0;
  return relative * (most + deviation) + learningRate * gradient + 2e-7;
}

function largest({ data }: Values): number {
  return Array.from(data, Number).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function bytes(network: ReadonlyMap<string, StoredTensor>): string {
  return [...network].map(([name, { data }]) =>
    `${name} ${new Uint8Array(data.buffer, data.byteOffset, data.byteLength).join()}`
  ).join("\n");
}

function assertRanksEqual({ losses, first, last }: Outcome): void {
  for (const rank of losses.keys()) {
    assertEquals(losses[rank], losses[0], `losses of worker ${rank}`);
    assert(
      bytes(first[rank]) === bytes(first[0]),
      `worker ${rank} differs from worker 0 after the first step`,
    );
    assert(bytes(last[rank]) === bytes(last[0]), `worker ${rank} differs from worker 0 after the last step`);
  }
}

// Where an activation is 0 but for rounding, ReLU's gradient is decided by the order of a sum; so gradients are compared in
// networks without kinks.
for (
  const { training, batchSize, workers, seed } of [
    { training: "classifier", batchSize: 8, workers: 3, seed: 1 }, // 2, 3 and 3 images
    { training: "retinanet", batchSize: 5, workers: 2, seed: 1 },
    { training: "retinanet", batchSize: 5, workers: 2, seed: 2 },
    { training: "faster-rcnn", batchSize: 5, workers: 2, seed: 1 },
  ] as const
) {
  const who = `${workers} workers that share ${batchSize} images of a ${training} (seed ${seed})`;
  Deno.test(`${who} are one worker in all, up to kinks, and equal each other to the bit`, async () => {
    const task = { ...quiet, training, batchSize, seed, smooth: true, steps: 2 };
    const [one, many] = [await run(1, task), await run(workers, task)];
    assertRanksEqual(many);
    assertNear(many.first[0], one.first[0]);
    assertLess(Math.abs(many.losses[0][0]! - one.losses[0][0]!), 1e-6 * one.losses[0][0]!);
  });
}

for (const fused of [false, true]) {
  const who = `2 workers of a retinanet with ReLU${fused ? " in fused blocks" : ""}`;
  Deno.test(`${who} are one in loss and statistics, which have no kink`, async () => {
    const task = { ...quiet, training: "retinanet", batchSize: 5, steps: 1, fused } as const;
    const [one, two] = [await run(1, task), await run(2, task)];
    assertRanksEqual(two);
    const statistics = [...one.first[0]].filter(([name]) => /\.(mean|variance)$/.test(name));
    assertGreater(statistics.length, 20);
    assertNear(two.first[0], new Map(statistics));
    assertLess(Math.abs(two.losses[0][0]! - one.losses[0][0]!), 1e-6 * one.losses[0][0]!);
  });
}

Deno.test("2 workers with fused blocks whose activations meet no kink are one worker in their gradients too", async () => {
  const task = { ...quiet, training: "classifier", batchSize: 8, fused: true, steps: 1 } as const;
  const [one, two] = [await run(1, task), await run(2, task)];
  assertRanksEqual(two);
  assertNear(two.first[0], one.first[0], 1e-4);
});

Deno.test("by the authors' definition two workers of as many images are one, but scale and shift move twice as far", async () => {
  const task = {
    ...quiet,
    training: "classifier",
    syncBatchNorm: "authors",
    batchSize: 8,
    steps: 1,
  } as const;
  const [one, two] = [await run(1, task), await run(2, task)];
  assertRanksEqual(two);
  const isAffine = (name: string): boolean => /\.(scale|shift)(\.momentum)?$/.test(name);
  const others = new Map([...one.first[0]].filter(([name]) => !isAffine(name)));
  const relative = 5e-5; // their variance is a difference of large numbers, which keeps fewer digits
  assertNear(two.first[0], others, relative);
  const gradients = [...one.first[0]].filter(([name]) => /\.(scale|shift)\.momentum$/.test(name)); // not decayed
  assert(gradients.some(([, { data }]) => Array.from(data, Number).some((value) => Math.abs(value) > 1e-3)));
  const twice = gradients.map(([name, { data }]) =>
    [name, { data: Float32Array.from(Array.from(data, Number), (value) => 2 * value) }] as const
  );
  assertNear(two.first[0], new Map(twice), relative);
});

Deno.test("whoever comes late, the result is the same to the bit", async () => {
  const task = { ...quiet, training: "classifier", batchSize: 4, steps: 6 } as const;
  const [late, later] = [
    await run(2, { ...task, arrivalSeed: 1 }),
    await run(2, { ...task, arrivalSeed: 2 }),
  ];
  [late, later].forEach(assertRanksEqual);
  assert(bytes(later.last[0]) === bytes(late.last[0]));
});

Deno.test("a loss that is no number on one worker is none on all, and no network moves", async () => {
  const fault = { kind: "nan", rank: 1, step: 1 } as const;
  const { losses, first, last } = await run(2, {
    ...quiet,
    training: "retinanet",
    batchSize: 4,
    steps: 2,
    fault,
  });
  assertEquals(losses.map((each) => each[1]), [null, null]);
  assert(bytes(last[0]) === bytes(first[0]));
});

/** Milliseconds from the start of the training until a worker left it. */
function leftAfterMs({ log }: WorkerEnd): number {
  return Number(/left after (\d+) ms/.exec(log)?.[1] ?? fail(`the worker did not leave: ${log}`));
}

for (
  const { name, workers, fault, left, reason } of [
    {
      name: "a worker that is killed",
      workers: 3,
      fault: { kind: "kill", rank: 2, step: 1 },
      left: [0, 1],
      reason: /Collective ops is aborted/,
    },
    {
      name: "the first worker, killed",
      workers: 2,
      fault: { kind: "kill", rank: 0, step: 1 },
      left: [1],
      reason: /Collective ops is aborted/,
    },
    {
      name: "a worker that is stopped",
      workers: 2,
      fault: { kind: "stop", rank: 1, step: 1 },
      left: [0],
      reason: /stopped sending heartbeats/,
    },
    {
      name: "a worker that fails",
      workers: 2,
      fault: { kind: "throw", rank: 1, step: 1 },
      left: [0, 1],
      reason: /Cannot decode image 7: it is torn/,
    },
  ] as const
) {
  Deno.test(`${name} takes all others out of the step within 7 seconds, with the reason`, async () => {
    const { ends } = await run(workers, { ...quiet, training: "classifier", batchSize: 4, fault }, false);
    for (const rank of left) {
      assertEquals(ends[rank].code, 1);
      assertMatch(ends[rank].log, reason);
      assertLess(leftAfterMs(ends[rank]), 7000);
    }
  });
}
