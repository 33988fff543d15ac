/**
 * Architectures as a tree: those that start alike share nodes, so that a batch passes through a common beginning once.
 *
 * What a block makes of a batch, and each batch's moments in it, depend on the blocks before it alone; so sharing them
 * changes no bit of a score.
 *
 * @module
 */
import type { Supernet } from "../models/backbone.ts";
import type { Unit } from "../nn/unit.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";

/** A place in the tree: the choices up to here, and the unit that comes last of them. The root is the stem. */
export interface PrefixNode {
  /** The `architectureKey` of the choices so far; a leaf's is its architecture's. */
  readonly key: string;
  /** Of which batches have passed all above it. */
  readonly unit: Unit;
  /** How many choices there are so far: the unit's position in the trunk. */
  readonly depth: number;
  /** What may come next; none at a leaf. */
  readonly children: readonly PrefixNode[];
}

/**
 * Builds the tree of some architectures, at least one; equal ones share their leaf.
 *
 * @param supernet Whose units the nodes take.
 * @param candidates All of one length.
 */
export function prefixTree(supernet: Supernet, candidates: readonly Architecture[]): PrefixNode {
  return nodeOf(supernet, supernet.stem, [], candidates);
}

/** The tree's nodes, each before its children. */
export function* nodesOf(node: PrefixNode): Generator<PrefixNode> {
  yield node;
  for (const child of node.children) yield* nodesOf(child);
}

function nodeOf(
  supernet: Supernet,
  unit: Unit,
  prefix: Architecture,
  candidates: readonly Architecture[],
): PrefixNode {
  const depth = prefix.length;
  const choices = new Set(candidates.flatMap((candidate) => candidate.slice(depth, depth + 1)));
  const children = [...choices].sort((a, b) => a - b).map((choice) => {
    const under = candidates.filter((candidate) => candidate[depth] === choice);
    return nodeOf(supernet, supernet.blocks[depth][choice], [...prefix, choice], under);
  });
  return { key: architectureKey(prefix), unit, depth, children };
}

/** The units that batches pass at a node: its own, and at a leaf also those after the backbone. */
export function unitsAt({ unit, children }: PrefixNode, afterTrunk: readonly Unit[]): Unit[] {
  return children.length > 0 ? [unit] : [unit, ...afterTrunk];
}
