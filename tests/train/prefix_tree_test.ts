import { assertEquals } from "@std/assert";
import { supernet } from "../../lib/models/backbone.ts";
import { nodesOf, type PrefixNode, prefixTree, unitsAt } from "../../lib/train/prefix_tree.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

const net = supernet(tinyConfig.space, 1);

/** Keys in the order that a walk meets them. */
function keysOf(tree: PrefixNode): string[] {
  return [...nodesOf(tree)].map(({ key }) => key);
}

Deno.test("architectures share the nodes of their common beginning, and no others", () => {
  const tree = prefixTree(net, [[0, 1, 2, 3, 0], [0, 1, 3, 3, 0], [0, 1, 2, 3, 1]]);
  assertEquals(keysOf(tree), ["", "0", "01", "012", "0123", "01230", "01231", "013", "0133", "01330"]);
  assertEquals([...nodesOf(tree)].map(({ depth }) => depth), [0, 1, 2, 3, 4, 5, 5, 3, 4, 5]);
  const names = [...nodesOf(tree)].map(({ unit }) => unit.name);
  assertEquals(names.slice(0, 3), ["stem", "blocks.0.0", "blocks.1.1"]);
  assertEquals(names.slice(-2), ["blocks.3.3", "blocks.4.0"]);
});

Deno.test("the tree does not depend on the order of architectures, and equal ones are one", () => {
  const [a, b] = [[3, 2, 1, 0, 3], [3, 2, 0, 0, 3]];
  assertEquals(keysOf(prefixTree(net, [a, b])), keysOf(prefixTree(net, [b, a, b])));
});

Deno.test("units after the backbone are at leaves alone", () => {
  const tree = prefixTree(net, [[0, 1, 2, 3, 0], [0, 1, 2, 3, 1]]);
  const after = [net.stem];
  const counts = [...nodesOf(tree)].map((node) => unitsAt(node, after).length);
  assertEquals(counts, [1, 1, 1, 1, 1, 2, 2]);
});
