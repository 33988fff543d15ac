import { assertEquals, assertThrows } from "@std/assert";
import { blockLayers, type ConvLayer, lastLayer, stemLayer } from "../../lib/space/block_layers.ts";
import { blockShapes, searchSpaces } from "../../lib/space/search_space.ts";

const { small } = searchSpaces;
const [stride2, stride1] = blockShapes(small); // 16 to 64, then 64 to 64 channels

/** "dw3s2 16>16" or "pw1s1 16>32+relu". */
function sketch(layer: ConvLayer): string {
  const kind = { conv: "conv", pointwise: "pw", depthwise: "dw" }[layer.kind];
  return `${kind}${layer.kernel}s${layer.stride} ${layer.inChannels}>${layer.outChannels}` +
    (layer.relu ? "+relu" : "") + (layer.bias ? "+bias" : "");
}

Deno.test("a shuffle block of stride 1 works on half the channels and has no projection", () => {
  const { main, projection } = blockLayers(1, stride1);
  assertEquals(main.map(sketch), ["pw1s1 32>32+relu", "dw5s1 32>32", "pw1s1 32>32+relu"]);
  assertEquals(projection, []);
});

Deno.test("a shuffle block of stride 2 makes out - in channels and projects the input with the same kernel", () => {
  const { main, projection } = blockLayers(2, stride2);
  assertEquals(main.map(sketch), ["pw1s1 16>32+relu", "dw7s2 32>32", "pw1s1 32>48+relu"]);
  assertEquals(projection.map(sketch), ["dw7s2 16>16", "pw1s1 16>16+relu"]);
});

Deno.test("an xception block has three depthwise convolutions, the first with the stride", () => {
  const { main, projection } = blockLayers(3, stride2);
  assertEquals(main.map(sketch), [
    "dw3s2 16>16",
    "pw1s1 16>32+relu",
    "dw3s1 32>32",
    "pw1s1 32>32+relu",
    "dw3s1 32>32",
    "pw1s1 32>48+relu",
  ]);
  assertEquals(projection.map(sketch), ["dw3s2 16>16", "pw1s1 16>16+relu"]);
  assertEquals(blockLayers(3, stride1).main[0].stride, 1);
});

Deno.test("in every block of every space the branches chain and concatenate to the block's output", () => {
  for (const space of Object.values(searchSpaces)) {
    for (const block of blockShapes(space)) {
      for (const choice of [0, 1, 2, 3]) {
        const { main, projection } = blockLayers(choice, block);
        for (const branch of [main, projection]) {
          branch.slice(1).forEach((layer, i) => assertEquals(layer.inChannels, branch[i].outChannels));
        }
        const passed = projection.at(-1)?.outChannels ?? block.inChannels / 2;
        assertEquals(main[main.length - 1].outChannels + passed, block.outChannels);
      }
    }
  }
});

Deno.test("the stem has a bias and stride 2, the last layer neither", () => {
  assertEquals(sketch(stemLayer(small)), "conv3s2 3>16+relu+bias");
  assertEquals(sketch(lastLayer(small)), "pw1s1 640>1024+relu");
});

Deno.test("blockLayers() refuses a fifth choice", () => {
  assertThrows(() => blockLayers(4, stride1), RangeError, "must be 0, 1, 2 or 3: it is 4");
});
