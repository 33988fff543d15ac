/**
 * What a report is drawn from: plain records, structurally those that the search, training and evaluation keep, so that
 * this folder depends on none of them.
 *
 * @module
 */
import type { ApSummary, ClassAp, ReportEvaluation, ReportGallery } from "./evaluation_input.ts";

/** Everything that `renderReport` shows. Lists may be empty; a part of the run that did not happen is `null`. */
export interface ReportInput {
  /** The run's name. */
  readonly name: string;
  /** When the run ended, as text to show, e.g. `2026-11-24 10:31 UTC`; passed in so that rendering stays pure. */
  readonly finishedAt: string;
  /** The resolved configuration; shown whole as JSON. */
  readonly config: unknown;
  /** What the run ran on. */
  readonly environment: ReportEnvironment;
  /** What the run went on from although it differed, a sentence each; empty for an exact run. */
  readonly approximations: readonly string[];
  /** Duration of each stage, in the order they ran. */
  readonly stages: readonly StageDuration[];
  /** Learning curves, in the order they are to be shown. */
  readonly curves: readonly TrainingCurve[];
  /** The search space that every choice list refers to. */
  readonly space: ReportSpace;
  /** The search and every candidate it met. */
  readonly search: ReportSearch | null;
  /** How the supernet's scores rank architectures, where that was measured. */
  readonly rank: ReportRank | null;
  /** Winners, best first. */
  readonly winners: readonly ReportWinner[];
  /** Evaluations of the trained detector, such as one a split. */
  readonly evaluations: readonly ReportEvaluation[];
  /** Photographs with detections drawn on them. */
  readonly gallery: ReportGallery | null;
  /** What was read, and what was skipped, one record a split. */
  readonly data: readonly DataNote[];
  /** What the reader may want to type next. */
  readonly nextCommands: readonly NextCommand[];
}

/** The machine and the software of a run. */
export interface ReportEnvironment {
  /** Engine and version, e.g. `TensorFlow 2.21.0`. */
  readonly engine: string;
  /** The device in words, e.g. `CPU`. */
  readonly device: string;
  /** Engine threads of one worker. */
  readonly threads: number;
  /** Worker processes. */
  readonly workers: number;
  /** Deno's version. */
  readonly deno: string;
}

/** How long one stage took. */
export interface StageDuration {
  /** The stage's name, e.g. `pretrain`. */
  readonly stage: string;
  /** Wall-clock seconds, summed over resumptions. */
  readonly seconds: number;
  /** Largest resident memory of any process during the stage, bytes. */
  readonly peakRssBytes?: number;
}

/** One training's curves: the loss of each logged step, and scores on held-out images. */
export interface TrainingCurve {
  /** Heading, e.g. `Supernet pre-training`. */
  readonly title: string;
  /** Logged steps in order; a non-finite number is left out. */
  readonly points: readonly TrainingPoint[];
  /** Scores measured on the way, as fractions 0..1. */
  readonly scores: readonly ScorePoint[];
  /** What the scores are, e.g. `top-1 accuracy`. */
  readonly scoreName: string;
}

/** The loss and learning rate of one training step. */
export interface TrainingPoint {
  /** Steps made, this one included. */
  readonly step: number;
  /** Loss of this step. */
  readonly loss: number;
  /** Learning rate of this step. */
  readonly learningRate: number;
}

/** A score measured after a training step, as a fraction 0..1. */
export interface ScorePoint {
  /** Steps made before measuring. */
  readonly step: number;
  /** The score, 0..1. */
  readonly score: number;
}

/** What one choice of a block is made of: depthwise convolutions of a kernel, or ResNet's bottleneck. */
export type ReportChoice =
  | { readonly kind: "shuffle" | "xception"; readonly kernel: number }
  | { readonly kind: "bottleneck" };

/** A chain of stages of choice blocks. */
export interface ReportSpace {
  /** Its name. */
  readonly name: string;
  /** What each block is chosen from; an architecture's numbers are indices into it. */
  readonly choices: readonly ReportChoice[];
  /** `shufflenet`: a 3x3 convolution of stride 2. `resnet`: a 7x7 one and a max-pool, stride 4 in all. */
  readonly stem: "shufflenet" | "resnet";
  /** Blocks of each stage; a stage's first block has stride 2, but for the first stage after a ResNet stem. */
  readonly stageRepeats: readonly number[];
  /** Channels of the stem's output. */
  readonly stemChannels: number;
  /** Output channels of each stage. */
  readonly stageChannels: readonly number[];
  /** Side of the square input that the costs are counted at, px. */
  readonly resolution: number;
}

/** A search's outcome. */
export interface ReportSearch {
  /** What a candidate's score is, e.g. `AP`. */
  readonly scoreName: string;
  /** The limits a candidate had to keep; `null` where there was none. */
  readonly budget: ReportBudget;
  /** Every candidate of every strategy and trial. */
  readonly candidates: readonly ReportCandidate[];
  /** Trade-offs of score and cost, one record a kind of cost; empty where none was computed. */
  readonly fronts: readonly ReportFronts[];
}

/** Upper limits of a backbone's cost; `null` is no limit. */
export interface ReportBudget {
  /** Multiply-adds. */
  readonly macs: number | null;
  /** Parameters. */
  readonly parameters: number | null;
  /** Measured time, ms. */
  readonly latencyMs: number | null;
}

/** How a search chooses its candidates. */
export type Strategy = "evolution" | "random" | "ageing" | "reinforce" | "gradient" | "nsga2";

/** The part of a candidate's record that the report shows; a row of the search history fits. */
export interface ReportCandidate {
  /** Who proposed it. */
  readonly strategy: Strategy;
  /** Which of the strategy's runs, from 0. */
  readonly trial: number;
  /** Which generation, from 0. */
  readonly generation: number;
  /** Its place in the generation, from 0. */
  readonly slot: number;
  /** One choice a block. */
  readonly choices: readonly number[];
  /** Multiply-adds of the backbone. */
  readonly macs: number;
  /** Parameters of the backbone. */
  readonly parameters: number;
  /** Measured time of the backbone, ms; `null` where no latency table was given. */
  readonly latencyMs: number | null;
  /** Whether it has a score. */
  readonly status: "scored" | "stopped" | "failed";
  /** Its score, with the weights of the supernet; `null` where it failed. */
  readonly score: number | null;
  /** Why it failed; `null` where it did not. */
  readonly reason: string | null;
  /** Time it took, ms. */
  readonly elapsedMs: number;
}

/** The Pareto fronts of all strategies for one kind of cost. */
export interface ReportFronts {
  /** Which cost is traded against the score. */
  readonly cost: "macs" | "latencyMs";
  /** The cost up to which hypervolumes are measured; their other corner is score 0. */
  readonly referenceCost: number;
  /** One front a strategy. */
  readonly strategies: readonly ReportFront[];
}

/** A strategy's Pareto front, over all its trials together. */
export interface ReportFront {
  /** Whose it is. */
  readonly strategy: Strategy;
  /** Candidates that no other one beats in score and cost, by rising cost. */
  readonly points: readonly { readonly cost: number; readonly score: number }[];
  /** Score times cost that each trial's own front dominates, by trial. */
  readonly hypervolumes: readonly number[];
}

/** Scores with inherited weights beside scores after retraining, of the same architectures. */
export interface ReportRank {
  /** What both scores are, e.g. `AP`. */
  readonly scoreName: string;
  /** How batch norm statistics were set for the inherited score, e.g. `average`. */
  readonly modeName: string;
  /** The architectures; their inherited scores are of the mode named above. */
  readonly architectures: readonly RankedArchitecture[];
  /** The correlation of the ranks under each mode that was measured. */
  readonly modes: readonly RankCorrelation[];
}

/** How well the order of inherited scores agrees with that of retrained ones. */
export interface RankCorrelation {
  /** How batch norm statistics were set for the inherited scores. */
  readonly name: string;
  /** Kendall's tau-b; `null` where all scores of a kind are equal. */
  readonly kendallTau: number | null;
  /** Spearman's rho; `null` where all scores of a kind are equal. */
  readonly spearmanRho: number | null;
  /** The bootstrap's 95 % interval of tau; `null` where there is none. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

/** One architecture's two scores. */
export interface RankedArchitecture {
  /** One choice a block. */
  readonly choices: readonly number[];
  /** Multiply-adds of the backbone. */
  readonly macs: number;
  /** Score with the supernet's weights. */
  readonly inherited: number;
  /** Score after retraining alone. */
  readonly retrained: number;
}

/** One entry of `winners.json`. */
export interface ReportWinner {
  /** The space's name. */
  readonly space: string;
  /** One choice a block. */
  readonly choices: readonly number[];
  /** Multiply-adds of the backbone. */
  readonly macs: number;
  /** Parameters of the backbone. */
  readonly parameters: number;
  /** Score in the search, with the weights of the supernet; `null` where no search scored it. */
  readonly score: number | null;
  /** The evaluation after retraining, where the winner was retrained. */
  readonly retrained?: ApSummary & { readonly perClass: Readonly<Record<string, ClassAp>> };
}

/** What was read of one split. */
export interface DataNote {
  /** The split, e.g. `bccd, train`. */
  readonly title: string;
  /** Images read. */
  readonly images: number;
  /** Annotated objects; for an image folder, the images again. */
  readonly objects: number;
  /** Annotations left out, each with its file and why. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/** A command line and what it is for. */
export interface NextCommand {
  /** What it does, one line. */
  readonly purpose: string;
  /** The command line. */
  readonly command: string;
}
