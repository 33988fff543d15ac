/**
 * Which architecture a run retrains: the search's best, or the one that its config names; and how it is handed over.
 *
 * @module
 */
import { fixedArchitecture } from "../search/fixed_architecture.ts";
import type { Winner } from "../search/winners.ts";
import type { Config } from "../config/schema.ts";
import { readApproximations } from "../run/origin.ts";
import type { RunFolder } from "../run/run_folder.ts";
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

/** Writes `winners.json`; of an approximate run it says so at each winner. */
export async function writeWinners(run: RunFolder, winners: readonly Winner[]): Promise<void> {
  const isApproximate = (await readApproximations(run.dir)).length > 0;
  const mark = isApproximate ? { approximate: true } : {};
  await run.writeJson("winners.json", winners.map((winner) => ({ ...winner, ...mark })));
}
