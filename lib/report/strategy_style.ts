/**
 * How the strategies of a search are named and drawn. Each has a colour, a dash and a symbol of its own, so that curves
 * stay apart in grey, on paper, and for any colour vision.
 *
 * @module
 */
import type { LegendEntry, PointSymbol } from "./html.ts";
import type { Strategy } from "./report_input.ts";

/** How one strategy is drawn. */
export interface StrategyStyle {
  /** Its name for people. */
  readonly name: string;
  /** Its colour, a variable of the style sheet. */
  readonly color: string;
  /** Dashes of its lines, as SVG's `stroke-dasharray`; `none` is solid. */
  readonly dashes: string;
  /** Plot's name of the symbol of its dots. */
  readonly symbol: PointSymbol;
}

/** Every strategy in the order to show. */
export const strategyOrder: readonly Strategy[] = [
  "evolution",
  "random",
  "ageing",
  "reinforce",
  "gradient",
  "nsga2",
];

/** The drawing of each strategy. */
export const strategyStyles: Readonly<Record<Strategy, StrategyStyle>> = {
  evolution: { name: "evolution", color: "var(--evolution)", dashes: "none", symbol: "circle" },
  random: { name: "random", color: "var(--random)", dashes: "7 4", symbol: "triangle" },
  ageing: { name: "ageing evolution", color: "var(--ageing)", dashes: "2 3", symbol: "square" },
  reinforce: { name: "REINFORCE", color: "var(--reinforce)", dashes: "11 3 2 3", symbol: "diamond" },
  gradient: { name: "gradient", color: "var(--gradient)", dashes: "14 4", symbol: "wye" },
  nsga2: { name: "NSGA-II", color: "var(--nsga2)", dashes: "6 2 2 2 2 2", symbol: "cross" },
};

/** Those strategies that some record has, in the order to show. */
export function strategiesOf(records: readonly { readonly strategy: Strategy }[]): Strategy[] {
  return strategyOrder.filter((strategy) => records.some((one) => one.strategy === strategy));
}

/** A legend's entry for a strategy's line, with its dashes and its symbol. */
export function strategyKey(strategy: Strategy, label?: string): LegendEntry {
  const { name, color, dashes, symbol } = strategyStyles[strategy];
  return { label: label ?? name, color, dashes, symbol };
}
