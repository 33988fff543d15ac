import { assertEquals, assertThrows } from "@std/assert";
import { backboneInit } from "../../lib/models/block.ts";
import { supernet } from "../../lib/models/backbone.ts";
import { normedConv } from "../../lib/models/conv_layer.ts";
import { type CustomBlock, customBlock } from "../../lib/models/custom_block.ts";

import { costTable, layersCost } from "../../lib/space/cost.ts";
import { backboneHash } from "../../lib/space/latency_table.ts";
import {
  authorsChoices,
  type BlockShape,
  checkSearchSpace,
  choiceName,
  type CustomChoice,
  type SearchSpace,
  searchSpaces,
} from "../../lib/space/search_space.ts";
import type { ConvLayer } from "../../lib/space/block_layers.ts";

function layer({ inChannels, outChannels, stride }: BlockShape): ConvLayer {
  return { kind: "conv", kernel: 3, stride, inChannels, outChannels, relu: true, bias: false };
}

const plain: CustomBlock = customBlock({
  name: "plain 3x3",
  macs: (block, sidePx) => layersCost([layer(block)], sidePx).macs,
  part: (block) => normedConv("only", layer(block), backboneInit(layer(block))),
});

const space: SearchSpace = { ...searchSpaces.small, name: "own", choices: [...authorsChoices, plain] };

function cost(macs: number): CustomChoice {
  return { kind: "custom", name: "odd", cost: () => ({ macs, parameters: 0 }) };
}

Deno.test("customBlock() stands beside the others in a space: checked, counted and built", () => {
  checkSearchSpace(space);
  assertEquals(space.choices.map(choiceName).at(-1), "plain 3x3");
  const { blocks } = supernet(space, 1);
  assertEquals(blocks[3].map(({ name }) => name), [
    "blocks.3.0",
    "blocks.3.1",
    "blocks.3.2",
    "blocks.3.3",
    "blocks.3.4",
  ]);
  const [first] = costTable(space).blocks; // 16 to 64 channels, 112 to 56 px
  assertEquals(first[4], { macs: 9 * 16 * 64 * 56 * 56, parameters: 9 * 16 * 64 + 2 * 64, latencyMs: null });
});

Deno.test("the other choices cost and are the same beside a custom one", () => {
  const [with5, with4] = [costTable(space), costTable(searchSpaces.small)];
  assertEquals(with5.blocks.map((costs) => costs.slice(0, 4)), with4.blocks);
  const signatures = (of: SearchSpace): string[] =>
    supernet(of, 1).blocks.flatMap((b) => b.slice(0, 4)).map((u) => u.signature);
  assertEquals(signatures(space), signatures(searchSpaces.small));
});

Deno.test("customBlock()'s units share code exactly where name, channels and stride are the same", () => {
  const { blocks } = supernet(space, 1);
  const signatures = blocks.map((choices) => choices[4].signature);
  assertEquals(new Set(signatures).size, 8); // a first block and the others, in four stages
  assertEquals(signatures[1], signatures[2]);
});

Deno.test("backboneHash() tells custom choices apart by name, and leaves other spaces' as they were", () => {
  const renamed = { ...space, choices: [...authorsChoices, { ...plain, name: "another" }] };
  assertEquals(new Set([space, renamed, searchSpaces.small].map(backboneHash)).size, 3);
});

Deno.test("supernet() refuses a choice that says only what it costs", () => {
  assertThrows(
    () => supernet({ ...space, choices: [cost(1)] }, 1),
    TypeError,
    'Cannot build blocks.0.0 as choice "odd" must be made by customBlock(): it has no unit',
  );
});

Deno.test("costTable() refuses a custom choice's cost that is no number of 0 or more", () => {
  for (const macs of [NaN, -1, Infinity]) {
    assertThrows(
      () => costTable({ ...space, choices: [cost(macs)] }),
      RangeError,
      `Cannot count what "odd" costs as macs must be 0 or more: stage 0, block 0 has ${macs}`,
    );
  }
});

Deno.test("checkSearchSpace() refuses a custom choice of another's name, and any width for custom ones alone", () => {
  const twin = { ...plain, name: "shuffle 3x3" };
  assertThrows(
    () => checkSearchSpace({ ...space, choices: [...authorsChoices, twin] }),
    RangeError,
    "choices[0] and choices[4] are both shuffle 3x3",
  );
  checkSearchSpace({ ...space, choices: [plain], stageChannels: [13, 7, 7, 5] });
});
