/**
 * Scores candidates chunk by chunk of images, and stops those that will not become parents.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import { evaluateCoco } from "../eval/coco.ts";
import type { Detection } from "../eval/detection.ts";
import { type GroundTruth, groundTruthOf } from "../eval/ground_truth.ts";
import { ImageAps } from "../eval/image_aps.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import type { CandidateScorer } from "./candidate_scorer.ts";
import type { LoadedSet } from "./loaded_set.ts";
import { type EarlyStop, leastAp, standingOf } from "./early_stop.ts";

/** What became of a candidate: its score of all images, or an estimate of it from some. */
export type CandidateScore = { readonly score: number } | {
  readonly estimate: number;
  readonly images: number;
};

/** Rivals whose detections are kept; a search asks for its parents of the last generations. */
const keptRivals = 200;

/** A candidate on its way. */
interface Runner {
  readonly choices: Architecture;
  readonly aps: ImageAps;
  readonly detections: Detection[];
}

/** Scores candidates on one choice of images. What it remembers of earlier candidates changes time alone. */
export class CandidateRace {
  readonly #scorer: CandidateScorer;
  readonly #scoring: LoadedSet;
  readonly #indices: readonly number[];
  readonly #order: readonly number[];
  readonly #settings: EarlyStop;
  /** Those that were scored in full, by key, the latest last. */
  readonly #finished = new Map<string, ImageAps>();

  /**
   * @param scorer Measures and detects.
   * @param scoring What to score on.
   * @param indices Which of its samples; a candidate sees them in an order of its own, the same for all.
   * @param settings When to stop.
   * @param seed Names the order.
   */
  constructor(
    scorer: CandidateScorer,
    scoring: LoadedSet,
    indices: readonly number[],
    settings: EarlyStop,
    seed: number,
  ) {
    this.#scorer = scorer;
    this.#scoring = scoring;
    this.#indices = indices;
    this.#order = Array.from(permutation(stream(seed, "race"), indices.length), (i) => indices[i]);
    this.#settings = settings;
  }

  /**
   * Scores candidates; those that end early do so by themselves and their rivals alone, whatever the others do.
   *
   * @param candidates At least one.
   * @param rivals Those whose least score counts; null scores all in full.
   * @returns In the order of the candidates.
   */
  async scoreAll(
    candidates: readonly Architecture[],
    rivals: readonly Architecture[] | null,
  ): Promise<CandidateScore[]> {
    const unknown = (rivals ?? []).filter((rival) => !this.#finished.has(architectureKey(rival)));
    if (unknown.length > 0) await this.#run(unknown, null);
    const known = rivals?.map((rival) => this.#finished.get(architectureKey(rival))!) ?? null;
    return await this.#run(candidates, known);
  }

  async #run(
    candidates: readonly Architecture[],
    rivals: readonly ImageAps[] | null,
  ): Promise<CandidateScore[]> {
    const { classes } = this.#scoring.set;
    const runners = candidates.map((choices): Runner => ({
      choices,
      aps: new ImageAps(classes.length),
      detections: [],
    }));
    const stopped = new Map<Runner, CandidateScore>();
    const { chunkImages } = this.#settings;
    await this.#scorer.withStatistics(candidates, async (detect) => {
      for (let start = 0; start < this.#order.length && stopped.size < runners.length; start += chunkImages) {
        const left = runners.filter((runner) => !stopped.has(runner));
        const chunk = this.#order.slice(start, start + chunkImages);
        const found = await detect(left.map(({ choices }) => choices), this.#scoring, chunk);
        for (const runner of left) {
          this.#advance(runner, chunk, found.get(architectureKey(runner.choices))!);
          const end = rivals === null ? null : this.#endOf(runner, rivals);
          if (end !== null) stopped.set(runner, end);
        }
      }
    });
    return runners.map((runner) => stopped.get(runner) ?? this.#finish(runner));
  }

  #advance({ aps, detections }: Runner, chunk: readonly number[], found: readonly Detection[]): void {
    const byImage = Map.groupBy(found, ({ imageId }) => imageId);
    for (const index of chunk) {
      const truth = this.#groundTruth([index]);
      aps.add(truth, byImage.get(truth.imageIds[0]) ?? []);
    }
    detections.push(...found);
  }

  /** Null if it goes on; one that has seen all has nothing to gain from a stop. */
  #endOf({ aps }: Runner, rivals: readonly ImageAps[]): CandidateScore | null {
    if (aps.images === this.#order.length) return null;
    const { estimate, upperBound } = standingOf(aps, rivals, this.#order.length, this.#settings);
    return upperBound < leastAp(rivals) ? { estimate, images: aps.images } : null;
  }

  /** The score is as without a race, to the bit: the order in which images were seen makes no difference. */
  #finish({ choices, aps, detections }: Runner): CandidateScore {
    const key = architectureKey(choices);
    this.#finished.delete(key);
    this.#finished.set(key, aps);
    if (this.#finished.size > keptRivals) this.#finished.delete(this.#finished.keys().next().value!);
    return { score: evaluateCoco(this.#groundTruth(this.#indices), detections).summary.AP };
  }

  #groundTruth(indices: readonly number[]): GroundTruth {
    const { classes, samples } = this.#scoring.set;
    return groundTruthOf({ classes, samples: indices.map((index) => samples.at(index)) });
  }
}
