/** A tiny search, and an evaluation that counts matches with a planted optimum. */
import { type RandomStream, stream } from "../../lib/base/random.ts";
import type { Budget } from "../../lib/search/budget.ts";
import type { CandidateRecord } from "../../lib/search/candidate.ts";
import { memoryHistory } from "../../lib/search/history.ts";
import type { StrategyOptions, StrategySettings } from "../../lib/search/strategies.ts";
import type { Architecture } from "../../lib/space/architecture.ts";
import { authorsChoices, type SearchSpace } from "../../lib/space/search_space.ts";

/** Six blocks, 4,096 architectures. */
export const tinySpace: SearchSpace = {
  name: "tiny",
  choices: authorsChoices,
  stem: "shufflenet",
  stageRepeats: [2, 2, 2],
  stemChannels: 4,
  stageChannels: [8, 16, 32],
  lastChannels: 32,
  resolution: 32,
};

export const tinySettings: StrategySettings = {
  population: 6,
  generations: 4,
  maxAttempts: 50,
  parents: 3,
  mutants: 2,
  mutationRate: 0.2,
  crossovers: 2,
  ageing: { sampleSize: 3 },
  reinforce: { learningRate: 0.5, baselineMomentum: 0.9, entropyWeight: 0.001 },
  gradient: { learningRate: 0.2, stepsPerCandidate: 2 },
};

export const noBudget: Budget = { macs: null, parameters: null, latencyMs: null };

export const planted: Architecture = [2, 0, 3, 1, 1, 3];

/** Matches with the planted architecture, plus a small tie-breaker that depends on every choice. */
export function plantedScore(choices: Architecture): number {
  const matches = choices.filter((choice, block) => choice === planted[block]).length;
  return matches + choices.reduce((sum, choice, block) => sum + choice * (block + 1), 0) / 1000;
}

/** What gates would say of the planted score: minus the match of each block, a little off at each step. */
export function plantedGates(choices: Architecture, step: number): Promise<readonly number[]> {
  const noise = stream(step, "gates");
  const matches = choices.map((choice, block) => Number(choice === planted[block]));
  return Promise.resolve(matches.map((match) => 0.1 * noise.normal() - match));
}

/** A tiny search of any strategy in memory on a stopped clock; change what a test is about. */
export function tinySearch(change: Partial<StrategyOptions> = {}): StrategyOptions {
  return {
    space: tinySpace,
    seed: 7,
    settings: tinySettings,
    budget: noBudget,
    history: memoryHistory(),
    evaluate: (choices) => Promise.resolve(plantedScore(choices)),
    gateGradients: plantedGates,
    now: () => 0,
    ...change,
  };
}

/** A stream that gives these draws, in this order, and fails if asked for another kind or for more. */
export function scriptedStream(script: readonly (["uniform", number] | ["integer", number])[]): RandomStream {
  let next = 0;
  const draw = (kind: string): number => {
    const [wanted, value] = script[next++] ?? ["end", NaN];
    if (wanted !== kind) throw new Error(`Draw ${next - 1} should be ${wanted}, it is ${kind}`);
    return value;
  };
  return {
    uniform: () => draw("uniform"),
    integer: () => draw("integer"),
    normal: () => draw("normal"),
  };
}

/** A candidate for history tests. */
export function candidate(change: Partial<CandidateRecord> = {}): CandidateRecord {
  return {
    strategy: "evolution",
    trial: 0,
    generation: 0,
    slot: 0,
    origin: "random",
    choices: [0, 1, 2, 3, 0, 1],
    macs: 3_937_832_864, // more than 32 bits hold
    parameters: 12_345,
    latencyMs: null,
    status: "scored",
    score: 0.1 + 0.2, // a number that text with few digits would change
    images: null,
    reason: null,
    attempts: 1,
    elapsedMs: 12.5,
    ...change,
  };
}
