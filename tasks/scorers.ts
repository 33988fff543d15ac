/**
 * Who scores a search's candidates: on a CPU, processes of one thread each.
 *
 * Between kernels lies work of one thread (candidates, suppression, the calls themselves), and threads that share a
 * kernel wait for the last of them. Candidates need nothing of one another, so a core for each wastes neither; and as
 * sums depend on how many threads share them, scores are then the same on any number of cores.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import type { Strategy } from "../lib/search/candidate.ts";
import type { WorkerSlot } from "../lib/workers/worker_slot.ts";

/** They wait for one candidate, or one gradient, before they ask for the next: one thread would work alone. */
const oneByOne: readonly Strategy[] = ["ageing", "gradient"];

/** What such a process takes before it sees an image. */
const emptyBytes = 0.8 * 2 ** 30;

/** What it takes for a pixel of a recalibration's batch: the image, and the activations that are alive together. */
const bytesPerPixel = 400;

/**
 * Names those that score: processes of one thread; but the workers, where each is one thread or a GPU, or where a
 * strategy of the search would leave all but one process idle.
 *
 * @param config The run's, its threads known.
 * @param workers The run's.
 * @param availableBytes What may be taken.
 * @param start Makes the place of a process of one thread; it is started by its first call.
 */
export function scorersOf(
  config: Config,
  workers: readonly WorkerSlot[],
  availableBytes: number,
  start: (index: number) => WorkerSlot,
): readonly WorkerSlot[] {
  const { device: { kind, threads }, search: { strategies } } = config;
  const isApart = kind === "cpu" && threads > 1 && !strategies.some((each) => oneByOne.includes(each));
  if (!isApart) return workers;
  return Array.from({ length: scorerCount(config, availableBytes) }, (_, index) => start(index));
}

/** One for each thread of the workers, as far as there are candidates and memory; at least one. */
export function scorerCount({ workers, device, search, detector }: Config, availableBytes: number): number {
  const canvasPixels = Math.max(...detector.canvases.map(([heightPx, widthPx]) => heightPx * widthPx));
  const each = emptyBytes + search.recalibration.batchSize * canvasPixels * bytesPerPixel;
  const most = Math.min(workers * device.threads, search.population, Math.floor(availableBytes / each));
  return Math.max(1, most);
}
