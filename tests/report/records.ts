/**
 * Small records to draw: a space of six blocks and whatever a test needs on it.
 *
 * @module
 */
import type {
  ReportCandidate,
  ReportInput,
  ReportPicture,
  ReportSpace,
} from "../../lib/report/report_input.ts";

/** Six blocks in two stages. */
export const space: ReportSpace = {
  name: "six",
  stageRepeats: [2, 4],
  stemChannels: 8,
  stageChannels: [16, 32],
  resolution: 64,
};

/** A scored candidate, with what a test changes. */
export function candidate(changes: Partial<ReportCandidate>): ReportCandidate {
  const scored = { status: "scored", score: 0.25, reason: null, elapsedMs: 100 } as const;
  const costs = { choices: [0, 1, 2, 3, 0, 1], macs: 2e6, parameters: 1e5 };
  return { strategy: "evolution", generation: 0, ...costs, ...scored, ...changes };
}

/** A PNG of one pixel with boxes; browsers draw it, though no test decodes it. */
export function picture(changes: Partial<ReportPicture>): ReportPicture {
  const bytes = Uint8Array.fromBase64(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  );
  return { title: "a.png", bytes, widthPx: 320, heightPx: 240, detections: [], truths: [], ...changes };
}

/** A run that did next to nothing, with what a test changes. */
export function input(changes: Partial<ReportInput>): ReportInput {
  return {
    name: "trial",
    finishedAt: "2026-01-01 00:00 UTC",
    config: { seed: 1 },
    environment: { engine: "TensorFlow 2.21.0", device: "CPU", threads: 2, workers: 1, deno: "2.9.6" },
    stages: [],
    curves: [],
    space,
    search: null,
    winners: [],
    evaluations: [],
    gallery: null,
    data: [],
    nextCommands: [],
    ...changes,
  };
}

/** How often a text occurs. */
export function count(source: string, part: string): number {
  return source.split(part).length - 1;
}
