import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bestSoFarFigure, generationFigures } from "../../lib/report/progress_plots.ts";
import type { ReportCandidate, Strategy } from "../../lib/report/report_input.ts";
import { strategyOrder, strategyStyles } from "../../lib/report/strategy_style.ts";
import { candidate, count, marks, searchOf } from "./records.ts";

/** Trials of four candidates in two generations, rising. */
function trials(strategy: Strategy, number: number): ReportCandidate[] {
  return Array.from({ length: number * 4 }, (_, i) =>
    candidate({
      strategy,
      trial: Math.floor(i / 4),
      generation: Math.floor(i / 2) % 2,
      slot: i % 2,
      score: 0.1 + 0.01 * i,
    }));
}

const search = searchOf([...trials("evolution", 3), ...trials("random", 1)]);

Deno.test("one curve a strategy, a band where it has several trials, and the caption says what it is", () => {
  const { source } = bestSoFarFigure(search);
  assertEquals([count(source, `class="curve"`), count(source, `class="band"`)], [2, 1]);
  assertStringIncludes(source, "band: lowest to highest trial (3 trials each at most)");
  assert(!bestSoFarFigure(searchOf(trials("random", 1))).source.includes("band"));
});

Deno.test("every strategy's curve has its own dashes, colour and symbol, also in the key", () => {
  const { source } = bestSoFarFigure(searchOf(strategyOrder.flatMap((strategy) => trials(strategy, 2))));
  for (const { name, color, dashes } of Object.values(strategyStyles)) {
    assertStringIncludes(source, `</svg>${name}<`);
    assertStringIncludes(source, `stroke="${color}"`);
    if (dashes !== "none") assertStringIncludes(source, `stroke-dasharray="${dashes}"`);
  }
  const styles = Object.values(strategyStyles);
  for (const sign of ["color", "dashes", "symbol"] as const) {
    assertEquals(new Set(styles.map((style) => style[sign])).size, strategyOrder.length, sign);
  }
});

Deno.test("a curve of a thousand evaluations that never rises has two points", () => {
  const flat = Array.from({ length: 1000 }, (_, slot) => candidate({ slot, score: 0.2 }));
  const line = bestSoFarFigure(searchOf(flat)).source.match(/class="curve"[^>]*><path d="([^"]*)"/)?.[1] ??
    "";
  assert(line.length < 60, line);
});

Deno.test("scores by generation: a picture a strategy, a dot a candidate, best by trial, mean of all", () => {
  const { source } = generationFigures(search);
  assertEquals(count(source, "<figure>"), 2);
  assertEquals([marks(source, "candidate"), marks(source, "best"), marks(source, "mean")], [16, 8, 4]);
  assertStringIncludes(source, "<figcaption>Evolution</figcaption>");
});

Deno.test("all pictures of generations have one scale", () => {
  const { source } = generationFigures(search);
  const ticks = [...source.matchAll(/aria-label="y-axis tick label"[^>]*>(.*?)<\/g>/gs)].map(([, body]) =>
    body.replace(/<[^>]*>/g, " ").trim()
  );
  assertEquals(ticks.length, 2);
  assertEquals(ticks[0], ticks[1]);
});

Deno.test("one candidate draws no NaN", () => {
  for (const draw of [bestSoFarFigure, generationFigures]) {
    const { source } = draw(searchOf([candidate({ score: 0 })]));
    assert(!/NaN|undefined|Infinity/.test(source), source);
    assertStringIncludes(source, "x-axis tick label");
  }
});
