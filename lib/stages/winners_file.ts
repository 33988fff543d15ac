/**
 * `winners.json`: what a run hands over.
 *
 * @module
 */
import { readApproximations } from "../run/origin.ts";
import type { RunFolder } from "../run/run_folder.ts";
import type { Winner } from "../search/winners.ts";

/** Writes a run's winners, best first; of an approximate run it says so at each of them. */
export async function writeWinners(run: RunFolder, winners: readonly Winner[]): Promise<void> {
  const isApproximate = (await readApproximations(run.dir)).length > 0;
  const mark = isApproximate ? { approximate: true } : {};
  await run.writeJson("winners.json", winners.map((winner) => ({ ...winner, ...mark })));
}
