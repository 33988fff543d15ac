/**
 * Ratios that were measured once and are committed, and whether new ones are worse.
 *
 * @module
 */
import type { Comparison } from "./comparison.ts";
import type { Spread } from "./paired.ts";
import type { ComparisonRun } from "./run_comparisons.ts";

/** The file's contents. */
export interface StoredRatios {
  /** What they were measured with: versions, device, threads. */
  readonly ours: string;
  readonly torch: string;
  /** Ours over PyTorch's best, by the row's name. */
  readonly ratios: Readonly<Record<string, Spread>>;
}

/** Share by which a ratio may be worse than the stored one. */
export const tolerance = 0.1;

/** The ratios of a run, put over those stored before. */
export function updatedRatios(before: StoredRatios | null, run: ComparisonRun): StoredRatios {
  const own = run.comparisons.map(({ name, ratio }) => [name, rounded(ratio)] as const);
  return {
    ours: run.ours.device,
    torch: `${run.torch.version}, ${run.torch.device}`,
    ratios: { ...before?.ratios, ...Object.fromEntries(own) },
  };
}

/**
 * What has become worse: rows three quarters of whose rounds (the lower quartile and all above) are by more than the
 * tolerance above the stored median.
 *
 * @returns A line a row, with what was found and what was wanted; rows that are not stored are left out.
 */
export function regressions({ ratios }: StoredRatios, comparisons: readonly Comparison[]): string[] {
  return comparisons.flatMap(({ name, ratio, best }) => {
    const stored = ratios[name];
    if (stored === undefined) return [];
    const most = stored.median * (1 + tolerance);
    if (ratio.lowerQuartile <= most) return [];
    return [
      `${name}: ${ratio.median.toFixed(3)} of PyTorch's time (${best}; lower quartile ` +
      `${ratio.lowerQuartile.toFixed(3)}), wanted at most ${most.toFixed(3)}: stored ${
        stored.median.toFixed(3)
      }`,
    ];
  });
}

function rounded({ median, lowerQuartile, upperQuartile }: Spread): Spread {
  const [a, b, c] = [median, lowerQuartile, upperQuartile].map((value) => Number(value.toFixed(4)));
  return { median: a, lowerQuartile: b, upperQuartile: c };
}
