/**
 * All strategies by name, for those who read the name from a config.
 *
 * @module
 */

import { ageingEvolution, type AgeingSettings } from "./ageing.ts";
import type { CandidateRecord, Strategy } from "./candidate.ts";
import { type EvolutionSettings, evolve } from "./evolution.ts";
import { type GateGradients, gradientSearch, type GradientSettings } from "./gradient.ts";
import { nsga2 } from "./nsga2.ts";
import { randomSearch } from "./random_search.ts";
import { reinforce, type ReinforceSettings } from "./reinforce.ts";
import type { SearchOptions, SearchSize } from "./search_options.ts";

/** Settings of every strategy; all are of the same size. A config's `search` is one. */
export interface StrategySettings extends EvolutionSettings {
  /** Ageing evolution's. */
  readonly ageing: Omit<AgeingSettings, keyof SearchSize>;
  /** REINFORCE's. */
  readonly reinforce: Omit<ReinforceSettings, keyof SearchSize>;
  /** The gradient-based search's. */
  readonly gradient: Omit<GradientSettings, keyof SearchSize>;
}

/** What any strategy takes. */
export interface StrategyOptions extends SearchOptions {
  /** Settings of every strategy. */
  readonly settings: StrategySettings;
  /** What the gradient-based search learns from. */
  readonly gateGradients: GateGradients;
}

/**
 * Runs the search of a name, or goes on with the one in the history.
 *
 * @throws What the strategy's function throws.
 * @returns All candidates of the run, population x generations, by generation and slot.
 */
export function runStrategy(name: Strategy, options: StrategyOptions): Promise<CandidateRecord[]> {
  const { settings } = options;
  switch (name) {
    case "evolution":
      return evolve(options);
    case "random":
      return randomSearch(options);
    case "ageing":
      return ageingEvolution({ ...options, settings: { ...settings, ...settings.ageing } });
    case "reinforce":
      return reinforce({ ...options, settings: { ...settings, ...settings.reinforce } });
    case "gradient":
      return gradientSearch({ ...options, settings: { ...settings, ...settings.gradient } });
    case "nsga2":
      return nsga2(options);
  }
}
