/**
 * Small records to draw: a space of six blocks and whatever a test needs on it.
 *
 * @module
 */
import type { ComparedRun } from "../../lib/report/compare_input.ts";
import type { ReportPicture } from "../../lib/report/evaluation_input.ts";
import type {
  ReportCandidate,
  ReportInput,
  ReportSearch,
  ReportSpace,
} from "../../lib/report/report_input.ts";

/** Six blocks in two stages. */
export const space: ReportSpace = {
  name: "six",
  choices: [
    { kind: "shuffle", kernel: 3 },
    { kind: "shuffle", kernel: 5 },
    { kind: "shuffle", kernel: 7 },
    { kind: "xception", kernel: 3 },
  ],
  stem: "shufflenet",
  stageRepeats: [2, 4],
  stemChannels: 8,
  stageChannels: [16, 32],
  resolution: 64,
};

/** A scored candidate, with what a test changes. */
export function candidate(changes: Partial<ReportCandidate>): ReportCandidate {
  const scored = { status: "scored", score: 0.25, reason: null, elapsedMs: 100 } as const;
  const costs = { choices: [0, 1, 2, 3, 0, 1], macs: 2e6, parameters: 1e5, latencyMs: null };
  return { strategy: "evolution", trial: 0, generation: 0, slot: 0, ...costs, ...scored, ...changes };
}

/** A search of those candidates without a budget, with what a test changes. */
export function searchOf(
  candidates: readonly ReportCandidate[],
  changes: Partial<ReportSearch> = {},
): ReportSearch {
  const budget = { macs: null, parameters: null, latencyMs: null };
  return { scoreName: "AP", budget, candidates, fronts: [], ...changes };
}

/** A finished run in a comparison, with what a test changes. */
export function comparedRun(changes: Partial<ComparedRun>): ComparedRun {
  return {
    folder: `runs/${changes.name ?? "trial"}`,
    name: "trial",
    detector: "RetinaNet",
    backbone: "DetNAS, small",
    publishedAs: "DetNAS 300M",
    data: "cells",
    space,
    scoreName: "AP",
    architecture: { choices: [0, 1, 2, 3, 0, 1], macs: 288_082_000, parameters: 1_849_600, score: 0.1 },
    evaluation: {
      images: 3,
      summary: { AP: 0.43446680079700345, AP50: 0.8, AP75: 0.5, APs: -1, APm: 0.4, APl: 0.6 },
    },
    candidates: [],
    ...changes,
  };
}

/** A PNG of one pixel with boxes; browsers draw it, though no test decodes it. */
export function picture(changes: Partial<ReportPicture>): ReportPicture {
  const bytes = Uint8Array.fromBase64(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  );
  return {
    title: "a.png",
    bytes,
    widthPx: 320,
    heightPx: 240,
    detections: [],
    truths: [],
    outcome: null,
    ...changes,
  };
}

/** A run that did next to nothing, with what a test changes. */
export function input(changes: Partial<ReportInput>): ReportInput {
  return {
    name: "trial",
    finishedAt: "2026-01-01 00:00 UTC",
    config: { seed: 1 },
    environment: { engine: "TensorFlow 2.21.0", device: "CPU", threads: 2, workers: 1, deno: "2.9.6" },
    approximations: [],
    stages: [],
    curves: [],
    space,
    search: null,
    rank: null,
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

/** How many marks the groups of that class have: circles, or symbols as paths. */
export function marks(source: string, kind: string): number {
  const groups = [...source.matchAll(/<g[^>]*class="(\w+)"[^>]*>(.*?)<\/g>/gs)];
  return groups.filter(([, name]) => name === kind)
    .reduce((sum, [, , body]) => sum + count(body, "<circle") + count(body, "<path"), 0);
}
