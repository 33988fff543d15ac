/**
 * One workload on both sides, in turns: ours, PyTorch's modes, ours, …; each round begins with another one.
 *
 * @module
 */
import { boundMs } from "../block_bound.ts";
import type { Roofline } from "../roofline.ts";
import type { Workload } from "../workloads.ts";
import { pairedRatio, type Spread, spreadOf } from "./paired.ts";
import type { Peer } from "./peer.ts";

/** How PyTorch is run. `folded` is eager with batch norms folded into convolutions, for inference. */
export type TorchMode = "eager" | "compile" | "folded";

/** How much is measured. */
export interface ComparisonOptions {
  readonly rounds: number;
  /** A measurement is of as many calls in a row as take this long, at least one. */
  readonly sampleMs: number;
  /** All rounds of a row take about as long, if that leaves at least {@linkcode leastRounds}: long calls get fewer. */
  readonly rowMs: number;
  /** PyTorch's modes that are tried, where the workload has them. */
  readonly modes: readonly TorchMode[];
}

/** What can be asked to measure. */
export type Measurer = Pick<Peer, "measure">;

/** Both sides, at work. */
export interface Sides {
  readonly ours: Measurer;
  readonly torch: Measurer;
}

/** One mode of PyTorch. */
export interface ModeResult {
  readonly mode: TorchMode;
  /** Per call; null where the mode does not work for this workload. */
  readonly ms: Spread | null;
  /** Ours over this mode's. */
  readonly ratio: Spread | null;
  /** Why it does not. */
  readonly reason: string | null;
}

/** What one workload takes on both sides. */
export interface Comparison {
  readonly name: string;
  readonly ours: Spread;
  readonly modes: readonly ModeResult[];
  /** PyTorch's mode of the least median: what ours is held against. */
  readonly best: TorchMode;
  /** Ours over the best mode's, round by round; below 1 ours is faster. */
  readonly ratio: Spread;
  /**
   * The ratio that kernels at the machine's limits would have: no others can have a lower one, whatever they do better.
   * Null where no bound is known.
   */
  readonly least: number | null;
  readonly rounds: number;
  /** Peak memory in bytes of fresh processes that did nothing else; null where that was not measured. */
  readonly memory: { readonly oursBytes: number; readonly torchBytes: number } | null;
}

/** One that takes turns. */
interface Contender {
  readonly peer: Measurer;
  /** `our` stands for ours. */
  readonly mode: TorchMode | "our";
  readonly calls: number;
  readonly leadIn: number;
  /** What one measurement takes, by the first. */
  readonly turnMs: number;
  readonly samplesMs: number[];
}

/** Calls so short that the other side's leftovers would show in them are led in by one that is not timed. */
const leadInBelowMs = 250;
const mostCalls = 50;
/** What quartiles want. */
const leastRounds = 3;

/** The modes that a workload has. */
export function modesOf(workload: Workload, wanted: readonly TorchMode[]): TorchMode[] {
  const isInference = workload.kind === "backbone" ||
    (workload.kind === "block" && workload.pass === "infer");
  return wanted.filter((mode) => isInference || mode !== "folded");
}

/**
 * Compares both sides on one workload.
 *
 * @throws {Error} If our side fails, or all of PyTorch's modes do.
 */
export async function compare(
  { ours, torch }: Sides,
  workload: Workload,
  options: ComparisonOptions,
): Promise<Omit<Comparison, "memory" | "least">> {
  const own = await contender(ours, "our", workload, options);
  const rivals: Contender[] = [];
  const failed: ModeResult[] = [];
  for (const mode of modesOf(workload, options.modes)) {
    try {
      rivals.push(await contender(torch, mode, workload, options));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failed.push({ mode, ms: null, ratio: null, reason });
    }
  }
  if (rivals.length === 0) {
    throw new Error(`Cannot compare ${workload.name}: ${failed.map(({ reason }) => reason).join("; ")}`);
  }
  const contenders = [own, ...rivals];
  await takeTurns(contenders, workload, roundsOf(contenders, options));
  return resultOf(workload, own, rivals, failed);
}

/** As many rounds as wanted, or as there is time for. */
export function roundsOf(
  contenders: readonly Pick<Contender, "turnMs">[],
  { rounds, rowMs }: Pick<ComparisonOptions, "rounds" | "rowMs">,
): number {
  const roundMs = contenders.reduce((sum, { turnMs }) => sum + turnMs, 0);
  return Math.min(rounds, Math.max(leastRounds, Math.floor(rowMs / roundMs)));
}

/** Prepares one, and sees how many calls make a measurement. */
async function contender(
  peer: Measurer,
  mode: Contender["mode"],
  workload: Workload,
  { sampleMs }: ComparisonOptions,
): Promise<Contender> {
  const { msPerCall } = await peer.measure({ workload, mode, calls: 1, leadIn: 0 });
  const calls = Math.min(mostCalls, Math.max(1, Math.round(sampleMs / msPerCall)));
  const leadIn = msPerCall < leadInBelowMs ? 1 : 0;
  return { peer, mode, calls, leadIn, turnMs: (calls + leadIn) * msPerCall, samplesMs: [] };
}

async function takeTurns(
  contenders: readonly Contender[],
  workload: Workload,
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const { peer, mode, calls, leadIn, samplesMs } = contenders[(round + turn) % contenders.length];
      samplesMs.push((await peer.measure({ workload, mode, calls, leadIn })).msPerCall);
    }
  }
}

function resultOf(
  { name }: Workload,
  own: Contender,
  rivals: readonly Contender[],
  failed: readonly ModeResult[],
): Omit<Comparison, "memory" | "least"> {
  const modes = rivals.map(({ mode, samplesMs }) => ({
    mode: mode as TorchMode,
    ms: spreadOf(samplesMs),
    ratio: pairedRatio(own.samplesMs, samplesMs),
    reason: null,
  }));
  const best = modes.reduce((a, b) => b.ms.median < a.ms.median ? b : a);
  const rounds = own.samplesMs.length;
  return {
    name,
    ours: spreadOf(own.samplesMs),
    modes: [...modes, ...failed],
    best: best.mode,
    ratio: best.ratio,
    rounds,
  };
}

/** What a row's ratio would be if ours took no longer than the machine must; of blocks. */
export function leastRatio(
  workload: Workload,
  { modes, best }: Pick<Comparison, "modes" | "best">,
  machine: Roofline | undefined,
): number | null {
  if (workload.kind !== "block" || machine === undefined) return null;
  return boundMs(workload, machine) / modes.find(({ mode }) => mode === best)!.ms!.median;
}

/**
 * The most memory that a fresh process takes for two calls or more of one workload: preparing it is one.
 *
 * @param start Starts the process.
 */
export async function peakMemory(
  start: () => Promise<Peer>,
  workload: Workload,
  mode: string,
): Promise<number> {
  await using peer = await start();
  return (await peer.measure({ workload, mode, calls: 1, leadIn: 0 })).peakRssBytes;
}
