import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { choicesFigure, latencyFigure, macsFigure, parametersFigure } from "../../lib/report/search_plots.ts";
import { strategyOrder, strategyStyles } from "../../lib/report/strategy_style.ts";
import type { ReportCandidate, ReportSearch } from "../../lib/report/report_input.ts";
import { candidate, count, marks, searchOf, space } from "./records.ts";

const failed = candidate({ status: "failed", score: null, reason: "no memory", generation: 1 });
const candidates: ReportCandidate[] = [
  candidate({ score: 0.2 }),
  candidate({ score: 0.4, macs: 3e6 }),
  candidate({ score: 0.1, generation: 1 }),
  candidate({ score: 0.3, generation: 1, macs: 4e6 }),
  failed,
  candidate({ score: 0.25, strategy: "random" }),
  candidate({ score: 0.35, strategy: "random", generation: 1 }),
];
const limits = { macs: null, parameters: null, latencyMs: null };
const search: ReportSearch = searchOf(candidates, { budget: { ...limits, macs: 5e6 } });
const winner = { space: "six", choices: [0, 0, 0, 0, 0, 0], macs: 3e6, parameters: 1e5, score: 0.4 };

Deno.test("the costs have a dot a scored candidate, the budget and the winner", () => {
  const { source } = macsFigure(search, winner);
  assertEquals(marks(source, "candidate"), 6);
  assertEquals(count(source, `class="winner"`), 1);
  assertEquals(count(source, `class="budget"`), 1);
  assertStringIncludes(source, "budget: 5 M");
});

Deno.test("no budget draws no line, no winner no star", () => {
  const { source } = macsFigure({ ...search, budget: limits }, undefined);
  assertEquals(count(source, `class="winner"`) + count(source, `class="budget"`), 0);
});

Deno.test("candidates of one score and one cost still have ticks", () => {
  const one = searchOf([candidate({ score: 0, latencyMs: 2 })], { budget: { ...limits, parameters: 1e5 } });
  for (const draw of [macsFigure, parametersFigure, latencyFigure]) {
    const { source } = draw(one, undefined);
    assert(!/NaN|undefined|Infinity/.test(source), source);
    assertStringIncludes(source, "x-axis tick label");
  }
});

Deno.test("every strategy has its dots, and its entry in the key", () => {
  const all = strategyOrder.map((strategy) => candidate({ strategy }));
  const { source } = macsFigure(searchOf(all), undefined);
  assertEquals(marks(source, "candidate"), 6);
  for (const strategy of strategyOrder) {
    assertStringIncludes(source, `</svg>${strategyStyles[strategy].name}<`);
  }
});

Deno.test("of very many candidates a part is drawn, and that is said", () => {
  const many = Array.from({ length: 4000 }, (_, slot) => candidate({ slot, macs: 1e6 + slot }));
  const { source } = macsFigure(searchOf(many), undefined);
  assert(marks(source, "candidate") <= 1500);
  assertStringIncludes(source, "an even part is drawn");
  assert(!macsFigure(search, undefined).source.includes("even part"));
});

Deno.test("a winner that no search has scored has no star", () => {
  assertEquals(count(macsFigure(search, { ...winner, score: null }).source, `class="winner"`), 0);
});

Deno.test("the winner's time is that of the candidate with its choices", () => {
  const timed = [
    candidate({ latencyMs: 3, choices: winner.choices }),
    candidate({ latencyMs: null, slot: 1 }),
  ];
  const { source } = latencyFigure(searchOf(timed, { budget: { ...limits, latencyMs: 4 } }), winner);
  assertEquals([marks(source, "candidate"), count(source, `class="winner"`)], [1, 1]);
  assertStringIncludes(source, "budget: 4 ms");
});

Deno.test("the choices of the best are shares that fill each block", () => {
  const genes = (choices: number[], score: number): ReportCandidate => candidate({ choices, score });
  const list = [genes([0, 3], 0.5), genes([1, 3], 0.4), genes([2, 2], 0.1)];
  const { source } = choicesFigure(searchOf(list), space.choices, 2);
  assertStringIncludes(source, "Choices of the 2 best candidates");
  const bars = source.match(/<g[^>]*class="share"[^>]*>(.*?)<\/g>/s)?.[1] ?? "";
  assertEquals(count(bars, "<rect"), 3); // two choices at block 0, one at block 1; the third candidate is not among the best
});

Deno.test("an architecture that two strategies found counts once among the best", () => {
  const twice = [candidate({ score: 0.5 }), candidate({ score: 0.5, strategy: "random" })];
  const other = candidate({ score: 0.4, choices: [1, 1, 1, 1, 1, 1] });
  const { source } = choicesFigure(searchOf([...twice, other]), space.choices, 2);
  assertStringIncludes(source, "Choices of the 2 best candidates");
  const bars = source.match(/<g[^>]*class="share"[^>]*>(.*?)<\/g>/s)?.[1] ?? "";
  assertEquals(count(bars, "<rect"), 10); // blocks 1 and 5 agree
});
