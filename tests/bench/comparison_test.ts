import { assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { compare, leastRatio, type Measurer, modesOf, roundsOf } from "../../bench/peers/comparison.ts";
import { comparisonTable } from "../../bench/peers/comparison_table.ts";
import { backboneWorkload, blockWorkloads } from "../../bench/workloads.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";

const [workload] = blockWorkloads(searchSpaces.small, "train", 1);
const options = { rounds: 3, sampleMs: 1, rowMs: 1000, modes: ["eager", "compile"] } as const;

/** Answers from lists by mode, the first answer being the preparation's; notes who was asked. */
function scripted(answers: Readonly<Record<string, readonly number[]>>, asked: string[]): Measurer {
  const next = new Map<string, number>();
  return {
    measure({ mode }): ReturnType<Measurer["measure"]> {
      asked.push(mode);
      const index = next.get(mode) ?? 0;
      next.set(mode, index + 1);
      if (answers[mode] === undefined) return Promise.reject(new Error(`no ${mode} here`));
      return Promise.resolve({ msPerCall: answers[mode][index], peakRssBytes: 0 });
    },
  };
}

Deno.test("sides take turns, each round beginning with the next, and the ratio is paired with the better mode", async () => {
  const asked: string[] = [];
  const sides = {
    ours: scripted({ our: [9, 10, 20, 40] }, asked),
    torch: scripted({ eager: [9, 20, 40, 80], compile: [9, 30, 50, 90] }, asked),
  };
  const { best, ratio, ours, rounds } = await compare(sides, workload, options);
  const prepared = ["our", "eager", "compile"];
  const turns = ["our", "eager", "compile", "eager", "compile", "our", "compile", "our", "eager"];
  assertEquals(asked, [...prepared, ...turns]);
  assertEquals([best, rounds], ["eager", 3]);
  assertEquals(ratio, { median: 0.5, lowerQuartile: 0.5, upperQuartile: 0.5 });
  assertEquals(ours, { median: 20, lowerQuartile: 15, upperQuartile: 30 });
});

Deno.test("a row whose calls are long gets fewer rounds, but at least three", () => {
  const rounds = (...turnsMs: number[]): number =>
    roundsOf(turnsMs.map((turnMs) => ({ turnMs })), { rounds: 9, rowMs: 60_000 });
  assertEquals([rounds(150, 200), rounds(5000, 7000), rounds(11_000, 20_000)], [9, 5, 3]);
  assertEquals(roundsOf([{ turnMs: 90_000 }], { rounds: 2, rowMs: 60_000 }), 2);
});

Deno.test("a mode that does not work is left out, and said", async () => {
  const sides = { ours: scripted({ our: [1, 1, 1, 1] }, []), torch: scripted({ eager: [2, 2, 2, 2] }, []) };
  const { best, modes } = await compare(sides, workload, options);
  assertEquals(best, "eager");
  assertEquals(modes.map(({ mode, reason }) => [mode, reason]), [["eager", null], [
    "compile",
    "no compile here",
  ]]);
});

Deno.test("without a mode that works there is nothing to compare with", async () => {
  const sides = { ours: scripted({ our: [1, 1, 1, 1] }, []), torch: scripted({}, []) };
  const error = await assertRejects(() => compare(sides, workload, options), Error);
  assertStringIncludes(error.message, "no eager here; no compile here");
});

Deno.test("batch norms are folded for inference alone", () => {
  const backbone = backboneWorkload(searchSpaces.small, 1, 32, 32);
  assertEquals(modesOf(backbone, ["eager", "folded"]), ["eager", "folded"]);
  assertEquals(modesOf(workload, ["eager", "folded"]), ["eager"]);
});

Deno.test("no kernels can have a lower ratio than the machine's limits over PyTorch's time, known for blocks alone", () => {
  const ms = { median: 20, lowerQuartile: 19, upperQuartile: 21 };
  const times = { modes: [{ mode: "eager", ms, ratio: ms, reason: null }], best: "eager" } as const;
  const machine = { flopsPerSecond: 2 * workload.macs * 3 * 100, bytesPerSecond: Infinity }; // 10 ms
  assertAlmostEquals(leastRatio(workload, times, machine)!, 0.5, 1e-12);
  assertEquals(leastRatio(workload, times, undefined), null);
  assertEquals(leastRatio(backboneWorkload(searchSpaces.small, 1, 32, 32), times, machine), null);
});

Deno.test("the table ends with each group's geometric mean and its worst row", () => {
  const spread = (median: number) => ({ median, lowerQuartile: median, upperQuartile: median });
  const row = (name: string, ratio: number, least: number | null) => ({
    name,
    ours: spread(ratio),
    modes: [{ mode: "eager", ms: spread(1), ratio: spread(ratio), reason: null }] as const,
    best: "eager" as const,
    ratio: spread(ratio),
    least,
    rounds: 1,
    memory: { oursBytes: 5e8, torchBytes: 1e9 },
  });
  const table = comparisonTable([
    row("block small a train 1x1x1", 0.5, 0.4),
    row("block small b train 1x1x1", 2, 0.9),
    row("step x", 0.7, null),
  ]);
  const lines = table.split("\n");
  assertEquals(
    lines[4],
    "| step x | 0.7 (0.7–0.7) | 1.0 (1.0–1.0) | eager | 0.70 (0.70–0.70) |  | 0.50 | 1.00 |",
  );
  assertEquals(
    lines.at(-1),
    "block small train: geometric mean of 2 ratios 1.000 (at least 0.600), worst 2.00 (block small b train 1x1x1)",
  );
  assertAlmostEquals(lines.length, 7, 0);
});
