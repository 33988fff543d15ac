/**
 * Whether the sum of a backbone's parts tells what the whole takes: parts measured alone against chains.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import type { BlockLatencies } from "./latency.ts";
import type { LatencyValidation, MeasuredBackbone, Timing } from "./latency_table.ts";

/** The sum of an architecture's parts in milliseconds on one image. */
export function sumOfParts({ stemMs, blocksMs }: BlockLatencies, choices: Architecture): number {
  return choices.reduce((sum, choice, block) => sum + blocksMs[block][choice], stemMs);
}

/**
 * Compares sums with whole backbones.
 *
 * @param latencies What the parts take.
 * @param backbones Architectures of the same space with what each takes as a chain; at least one.
 */
export function validateSums(
  latencies: BlockLatencies,
  backbones: readonly { readonly choices: Architecture; readonly measured: Timing }[],
): LatencyValidation {
  const rows: MeasuredBackbone[] = backbones.map(({ choices, measured }) => ({
    choices,
    measured,
    sumMs: sumOfParts(latencies, choices),
  }));
  const errors = rows.map(({ measured, sumMs }) => (sumMs - measured.medianMs) / measured.medianMs);
  const absolute = errors.map(Math.abs);
  return {
    backbones: rows,
    meanRelativeError: mean(absolute),
    maxRelativeError: Math.max(...absolute),
    bias: mean(errors),
    correlation: pearson(rows.map(({ sumMs }) => sumMs), rows.map(({ measured }) => measured.medianMs)),
  };
}

/**
 * Median and quartiles; between two measurements they are taken linearly.
 *
 * @param samplesMs At least one measurement.
 */
export function timingOf(samplesMs: readonly number[]): Timing {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  return {
    medianMs: quantile(sorted, 0.5),
    lowerQuartileMs: quantile(sorted, 0.25),
    upperQuartileMs: quantile(sorted, 0.75),
    repeats: sorted.length,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Pearson's correlation; null where one side doesn't vary. */
function pearson(x: readonly number[], y: readonly number[]): number | null {
  const [a, b] = [centred(x), centred(y)];
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((sum, value, i) => sum + value * v[i], 0);
  const scale = Math.sqrt(dot(a, a) * dot(b, b));
  return scale > 0 ? dot(a, b) / scale : null;
}

function centred(values: readonly number[]): number[] {
  const centre = mean(values);
  return values.map((value) => value - centre);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
