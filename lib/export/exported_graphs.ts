/**
 * The graphs that a part of a network is exported as, for formats that put each into a folder.
 *
 * @module
 */
import { canvasesOf, type ExportedPart } from "./description.ts";
import type { ExportGraph } from "./graph.ts";
import { backboneGraph, detectorGraph, type TrainedNetwork } from "./network_graph.ts";

/** A graph and where its files go. */
export interface FolderOfGraph {
  readonly graph: ExportGraph;
  /** What comes before the files' names: nothing for the only graph, else a folder and a slash. */
  readonly prefix: string;
}

/** A backbone is one graph; a detector is one a canvas, in the config's order. */
export function exportedGraphs(network: TrainedNetwork, part: ExportedPart): FolderOfGraph[] {
  if (part === "backbone") return [{ graph: backboneGraph(network), prefix: "" }];
  const canvases = canvasesOf(network.config.detector);
  return canvases.map((canvas) => ({
    graph: detectorGraph(network, canvas),
    prefix: canvases.length === 1 ? "" : `detector-${canvas.heightPx}x${canvas.widthPx}/`,
  }));
}
