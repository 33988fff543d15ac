/**
 * Small records to draw: a space of six blocks and whatever a test needs on it.
 *
 * @module
 */
import type { ComparedRun } from "../../lib/report/compare_input.ts";
import type { ReportClass, ReportDetails, ReportPicture } from "../../lib/report/evaluation_input.ts";
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
    isApproximate: false,
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

/** A class that is found with falling precision up to three quarters of its objects. */
export function evaluatedClass(name: string): ReportClass {
  const precision50 = Array.from({ length: 101 }, (_, i) => i <= 75 ? 1 - i / 150 : 0);
  const precision75 = precision50.map((value, i) => i <= 50 ? value / 2 : 0);
  return { name, objects: 4, AP: 0.5, AP50: 0.8, AP75: 0.25, AR100: 0.6, precision50, precision75 };
}

/** An evaluation's details: of each class's four objects three are found and one is missed; one detection finds nothing. */
export function details(classNames: readonly string[]): ReportDetails {
  const size = classNames.length + 1;
  const row = (values: Record<number, number>): number[] =>
    Array.from({ length: size }, (_, j) => values[j] ?? 0);
  return {
    classes: classNames.map(evaluatedClass),
    sizes: [
      { name: "small", objects: 1, AP: 0.1, AR100: 0.2 },
      { name: "medium", objects: 3, AP: 0.4, AR100: 0.5 },
      { name: "large", objects: 0, AP: -1, AR100: -1 },
    ],
    confusion: {
      thresholds: { score: 0.4, iou: 0.5 },
      counts: [...classNames.map((_, i) => row({ [i]: 3, [size - 1]: 1 })), row({ 0: 1 })],
    },
    images: [{ id: "a", AP: 0.5, objects: 4, found: 3, spurious: 1 }],
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
