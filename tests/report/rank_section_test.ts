import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { rankBody, rankText } from "../../lib/report/rank_section.ts";
import type { ReportRank } from "../../lib/report/report_input.ts";
import { marks } from "./records.ts";

const architecture = (inherited: number, retrained: number): ReportRank["architectures"][number] => ({
  choices: [0, 1, 2, 3, 0, 1],
  macs: 2e6,
  inherited,
  retrained,
});
const rank: ReportRank = {
  scoreName: "AP",
  modeName: "average",
  architectures: [architecture(0.1, 0.4), architecture(0.2, 0.6), architecture(0.3, 0.5)],
  modes: [{ name: "average", kendallTau: 1 / 3, spearmanRho: 0.5, interval: { low: -1, high: 1 } }],
};

Deno.test("the scatter has a dot an architecture, and the caption tau with its interval", () => {
  const { source } = rankBody(rank);
  assertEquals(marks(source, "architecture"), 3);
  assertStringIncludes(
    source,
    "Kendall&#39;s tau 0.333 (95 % bootstrap interval −1.000 to 1.000), Spearman&#39;s rho 0.500",
  );
  assertStringIncludes(source, "Inherited score (AP)");
  assert(!source.includes("By batch norm mode"));
});

Deno.test("architectures are listed by their retrained score", () => {
  const scores = [...rankBody(rank).source.matchAll(/>(0\.\d{4})<\/td><\/tr>/g)].map(([, score]) => score);
  assertEquals(scores, ["0.6000", "0.5000", "0.4000"]);
});

Deno.test("several modes have a table, and the caption is of the one shown", () => {
  const inherited = { name: "inherited", kendallTau: -0.2, spearmanRho: null, interval: null };
  const { source } = rankBody({ ...rank, modes: [inherited, ...rank.modes] });
  assertStringIncludes(source, "By batch norm mode");
  assertStringIncludes(source, ">−0.200</td>");
  assertStringIncludes(source, "Kendall&#39;s tau 0.333");
});

Deno.test("equal scores have no tau: a dash, and no interval", () => {
  const modes = [{ name: "average", kendallTau: null, spearmanRho: null, interval: null }];
  assertStringIncludes(rankText({ ...rank, modes }), "Kendall's tau –, Spearman's rho –");
  const { source } = rankBody({ ...rank, modes, architectures: [architecture(0.1, 0.4)] });
  assert(!/NaN|undefined|null/.test(source), source);
});

Deno.test("no ranking, no section", () => {
  assertEquals(rankBody(null).source, "");
  assertEquals(rankBody({ ...rank, architectures: [] }).source, "");
});
