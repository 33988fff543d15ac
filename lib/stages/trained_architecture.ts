/**
 * Which architecture a run retrains: the search's best, or the one that its config names.
 *
 * @module
 */
import { fixedArchitecture } from "../search/fixed_architecture.ts";
import type { Winner } from "../search/winners.ts";
import type { Config } from "../config/schema.ts";
import { architectureCost, costTable } from "../space/cost.ts";
import type { SearchResult } from "./search.ts";
import { requireFinished, type StageContext } from "./stage_context.ts";

/** The run's winners, best first: the search's, or the config's one architecture, which no search has scored. */
export async function winnersOf({ run }: StageContext): Promise<readonly Winner[]> {
  if (run.config.architecture !== null) return [namedWinner(run.config, run.config.architecture)];
  return (await requireFinished<SearchResult>(run, "search")).winners;
}

/** The architecture that a config names, with what it costs. */
export function namedWinner({ space, seed, search }: Config, text: string): Winner {
  const choices = fixedArchitecture(space, text, { seed, budget: search.budget });
  const { macs, parameters } = architectureCost(costTable(space), choices);
  return { space: space.name, choices: [...choices], macs, parameters, score: null };
}
