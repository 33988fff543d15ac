/**
 * `deno task rank`: does the supernet rank? Retrains architectures spread over the budget and compares their scores
 * with those by the supernet's weights. Goes on where it stopped; a larger number keeps what was trained before.
 *
 * @module
 */
import { architectureKey } from "../lib/space/architecture.ts";
import { rank, type RankCorrelation, type RankOptions, type RankResult } from "../lib/stages/rank.ts";
import type { RecalibrationMode } from "../lib/workers/worker_api.ts";
import { countFlag } from "./flag_values.ts";
import { sayIfApproximate } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";
import { openJob } from "./open_job.ts";
import { runCommand } from "./run_task.ts";
import type { Stopping } from "./stopping.ts";

/** Architectures, unless told otherwise. */
const defaultArchitectures = 8;

const recalibrationModes: readonly RecalibrationMode[] = ["inherited", "average", "moving", "batch"];

/** The command. */
export async function main(args: string[], stopping: Stopping, output: JobOutput): Promise<void> {
  await using job = await openJob(
    "rank",
    args,
    { needs: ["pretrain", "finetune"], finishes: [] },
    stopping,
    output,
  );
  if (job === null) return;
  const { run } = job.context;
  const options = rankOptions(job.flags, run.config.search.recalibration.mode);

  const result = await rank(job.context, options); // each alone, against the supernet's scores

  output.tell({ event: "result", lines: rankLines(result), values: { ...result } });
  await sayIfApproximate(run, output);
  output.tell({ event: "next", commands: [job.next("report")] });
}

/**
 * What the command's own flags ask for.
 *
 * @param flags As typed, by name.
 * @param configured The config's mode of batch norm.
 * @throws {RangeError} If a number is no whole number or too small, or a mode is unknown.
 */
export function rankOptions(flags: ReadonlyMap<string, string>, configured: RecalibrationMode): RankOptions {
  const steps = countFlag(flags, "steps", 1);
  return {
    architectures: countFlag(flags, "architectures", 2) ?? defaultArchitectures,
    modes: parseModes(flags.get("recalibration") ?? configured),
    duration: steps === undefined ? null : { steps },
  };
}

/** Both scores of each architecture, and a line of correlations for each mode. */
export function rankLines({ architectures, byMode }: RankResult): string[] {
  const keys = architectures.map(({ choices }) => architectureKey(choices));
  const width = Math.max("architecture".length, ...keys.map((key) => key.length));
  const number = (value: number): string => value.toFixed(4).padStart(9);
  return [
    `${"architecture".padEnd(width)}  ${"M macs".padStart(8)}  inherited  retrained`,
    ...architectures.map(({ macs, inherited, retrained }, i) =>
      `${keys[i].padEnd(width)}  ${(macs / 1e6).toFixed(1).padStart(8)}  ${number(inherited)}  ${
        number(retrained)
      }`
    ),
    "",
    ...byMode.map((row) => `${row.mode} statistics: ${correlationText(row)}`),
  ];
}

function correlationText({ kendallTau, tauInterval, spearmanRho, rhoInterval }: RankCorrelation): string {
  const text = (name: string, value: number | null, interval: readonly [number, number] | null): string => {
    if (value === null) return `${name} undefined, as all scores are equal`;
    const range = interval === null ? "" : ` [${interval[0].toFixed(2)}, ${interval[1].toFixed(2)}]`;
    return `${name} ${value.toFixed(3)}${range}`;
  };
  return `${text("Kendall tau", kendallTau, tauInterval)}; ${text("Spearman rho", spearmanRho, rhoInterval)}`;
}

function parseModes(text: string): RecalibrationMode[] {
  return [...new Set(text.split(","))].map((name) => {
    const mode = recalibrationModes.find((mode) => mode === name);
    if (mode !== undefined) return mode;
    throw new RangeError(
      `Cannot understand --recalibration ${text}: "${name}" is no mode, there are ${
        recalibrationModes.join(", ")
      }`,
    );
  });
}

if (import.meta.main) await runCommand("rank", main);
