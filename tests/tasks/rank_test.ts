import { assertEquals, assertThrows } from "@std/assert";
import type { RankResult } from "../../lib/stages/rank.ts";
import { countFlag } from "../../tasks/flag_values.ts";
import { rankLines, rankOptions } from "../../tasks/rank.ts";

Deno.test("rank's own flags are read, and have defaults", () => {
  assertEquals(rankOptions(new Map(), "moving"), { architectures: 8, modes: ["moving"], duration: null });
  const flags = new Map([["architectures", "3"], ["recalibration", "batch,inherited,batch"], [
    "steps",
    "20",
  ]]);
  assertEquals(rankOptions(flags, "moving"), {
    architectures: 3,
    modes: ["batch", "inherited"],
    duration: { steps: 20 },
  });
});

Deno.test("rank's own flags are refused with what was found and wanted", () => {
  assertThrows(
    () => rankOptions(new Map([["architectures", "1"]]), "moving"),
    RangeError,
    "Cannot understand --architectures 1: wanted a whole number of at least 2",
  );
  assertThrows(
    () => rankOptions(new Map([["recalibration", "average,mean"]]), "moving"),
    RangeError,
    'Cannot understand --recalibration average,mean: "mean" is no mode, there are inherited, average, moving, batch',
  );
});

Deno.test("countFlag() takes whole numbers only", () => {
  for (const text of ["-1", "1.5", "two", "1e3", ""]) {
    assertThrows(
      () => countFlag(new Map([["n", text]]), "n", 1),
      RangeError,
      `--n ${text}: wanted a whole number`,
    );
  }
  assertEquals(countFlag(new Map([["n", "12"]]), "n", 1), 12);
  assertEquals(countFlag(new Map(), "n", 1), undefined);
});

Deno.test("rankLines() shows both scores and a line of correlations a mode", () => {
  const correlations = {
    kendallTau: 1 / 3,
    spearmanRho: 0.5,
    tauInterval: [-1, 1],
    rhoInterval: [-0.25, 1],
  } as const;
  const undefinedOnes = { kendallTau: null, spearmanRho: null, tauInterval: null, rhoInterval: null };
  const result: RankResult = {
    architectures: [
      { choices: [2, 1], macs: 123_456_789, parameters: 1, inherited: 0.12345, retrained: 0.5 },
      { choices: [0, 0], macs: 1e6, parameters: 1, inherited: 0, retrained: 0.25 },
    ],
    ...correlations,
    recalibration: "average",
    duration: { steps: 1 },
    byMode: [
      { mode: "average", inherited: [0.12345, 0], ...correlations },
      { mode: "batch", inherited: [0, 0], ...undefinedOnes },
    ],
  };
  assertEquals(rankLines(result), [
    "architecture    M macs  inherited  retrained",
    "21               123.5     0.1235     0.5000",
    "00                 1.0     0.0000     0.2500",
    "",
    "average statistics: Kendall tau 0.333 [-1.00, 1.00]; Spearman rho 0.500 [-0.25, 1.00]",
    "batch statistics: Kendall tau undefined, as all scores are equal; " +
    "Spearman rho undefined, as all scores are equal",
  ]);
});
