/**
 * Batch-norm statistics of a whole population (Wu and Johnson 2021, "Rethinking Batch in BatchNorm", section 3): those
 * that one batch of all its images would have, measured batch norm by batch norm over batches that fit.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { batchNormEpsilon, batchNormInference } from "../nn/batch_norm.ts";
import { localMoments } from "../nn/sync_batch_norm.ts";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import { gatherNumbers, type WorkerGroup } from "../nn/worker_group.ts";
import type { RunUnit } from "./detector.ts";

/** Count, mean and sum of squared deviations, by channel. */
interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  readonly squares: Float64Array;
}

/** A unit that was measured. */
export interface MeasuredUnit {
  /** Mean0, variance0, mean1, … as {@linkcode TrainingPass.moments}; the caller disposes them. */
  readonly statistics: Tensor[];
  /** Runs the unit on any part of the population as in one batch of it all. */
  readonly run: RunUnit;
}

/**
 * Measures a unit's batch norms one after the other, so that each sees what the ones before it give with all images'
 * statistics.
 *
 * @param parameters The unit's; they stay the caller's.
 * @param pass Runs the unit, as it is told to, on every batch of this worker; called once a batch norm and once more,
 * with {@linkcode MeasuredUnit.run}. Not called inside a tidy.
 * @param group The workers that the population is divided among: all measure the same unit.
 */
export function measureUnit(
  unit: Unit,
  parameters: readonly Tensor[],
  pass: (run: RunUnit) => void,
  group: WorkerGroup,
): MeasuredUnit {
  const known: Moments[] = [];
  for (const { channels } of unit.batchNorms) {
    const batches: Moments[] = [];
    pass((_, inputs) => runOn(unit, parameters, inputs, known, (moments) => batches.push(moments)).outputs);
    known.push(mergedOverWorkers(merged(batches, channels), group));
  }
  let statistics: Tensor[] = [];
  pass((_, inputs) => {
    const { outputs, moments } = runOn(unit, parameters, inputs, known);
    if (statistics.length === 0) statistics = moments.map((moment) => tf.keep(tf.clone(moment)));
    return outputs;
  });
  return { statistics, run: (_, inputs) => runOn(unit, parameters, inputs, known).outputs };
}

/** Runs a unit that is not measured yet: each batch norm by the batch's own moments. */
export function runUnmeasured(
  unit: Unit,
  parameters: readonly Tensor[],
  inputs: readonly Tensor[],
): Tensor[] {
  return runOn(unit, parameters, inputs, []).outputs;
}

function runOn(
  unit: Unit,
  parameters: readonly Tensor[],
  inputs: readonly Tensor[],
  known: readonly Moments[],
  observe: (moments: Moments) => void = () => {},
): TrainingPass {
  return unit.train([...inputs], [...parameters], knownBatchNorm(known, observe));
}

/** Batch norm by what is known of the first ones; the next one's moments of this batch are told. */
function knownBatchNorm(known: readonly Moments[], observe: (moments: Moments) => void): BatchNormTraining {
  let index = 0;
  return (x, scale, shift) => {
    const isNext = index === known.length;
    const moments = known[index++] ?? momentsOf(x);
    if (isNext) observe(moments);
    const mean = tf.tensor1d(Float32Array.from(moments.mean));
    const by = (divisor: number): Tensor =>
      tf.tensor1d(Float32Array.from(moments.squares, (sum) => sum / Math.max(1, divisor)));
    const y = batchNormInference(x, scale, shift, mean, by(moments.count), batchNormEpsilon);
    return { y, mean, variance: by(moments.count - 1) };
  };
}

function momentsOf(x: Tensor): Moments {
  return unpacked([...tf.tidy(() => localMoments(x)).dataSync()]);
}

/** Chan, Golub and LeVeque 1979: n = sum n_i, M2 = sum M2_i + n_i (mean_i - mean)^2. */
function merged(parts: readonly Moments[], channels: number): Moments {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const mean = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (const part of parts) part.mean.forEach((value, c) => mean[c] += value * part.count / count);
  for (const part of parts) {
    part.squares.forEach((value, c) => squares[c] += value + part.count * (part.mean[c] - mean[c]) ** 2);
  }
  return { count, mean, squares };
}

/** What all workers have; the same bytes on each. */
function mergedOverWorkers(own: Moments, group: WorkerGroup): Moments {
  if (group.size === 1) return own;
  const channels = own.mean.length;
  // The count in two numbers, as float32 holds whole ones up to 2^24 only.
  const packed = [Math.floor(own.count / 4096), own.count % 4096, ...own.mean, ...own.squares];
  const rows = gatherNumbers(group, packed, `population moments ${channels}`);
  return merged(rows.map(([high, low, ...values]) => unpacked([high * 4096 + low, ...values])), channels);
}

function unpacked([count, ...values]: readonly number[]): Moments {
  const channels = values.length / 2;
  return {
    count,
    mean: Float64Array.from(values.slice(0, channels)),
    squares: Float64Array.from(values.slice(channels)),
  };
}
