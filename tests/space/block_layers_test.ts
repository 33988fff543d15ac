import { assertEquals } from "@std/assert";
import { blockLayers, type ConvLayer, lastLayers, stemLayers } from "../../lib/space/block_layers.ts";
import { authorsChoices, blockShapes, searchSpaces } from "../../lib/space/search_space.ts";

const { small } = searchSpaces;
const [, shuffle5, shuffle7, xception3] = authorsChoices;
const [stride2, stride1] = blockShapes(small); // 16 to 64, then 64 to 64 channels

/** "dw3s2 16>16" or "pw1s1 16>32+relu". */
function sketch(layer: ConvLayer): string {
  const kind = { conv: "conv", pointwise: "pw", depthwise: "dw" }[layer.kind];
  return `${kind}${layer.kernel}s${layer.stride} ${layer.inChannels}>${layer.outChannels}` +
    (layer.relu ? "+relu" : "") + (layer.bias ? "+bias" : "");
}

Deno.test("a shuffle block of stride 1 works on half the channels and has no projection", () => {
  const { main, projection } = blockLayers(shuffle5, stride1);
  assertEquals(main.map(sketch), ["pw1s1 32>32+relu", "dw5s1 32>32", "pw1s1 32>32+relu"]);
  assertEquals(projection, []);
});

Deno.test("a shuffle block of stride 2 makes out - in channels and projects the input with the same kernel", () => {
  const { main, projection } = blockLayers(shuffle7, stride2);
  assertEquals(main.map(sketch), ["pw1s1 16>32+relu", "dw7s2 32>32", "pw1s1 32>48+relu"]);
  assertEquals(projection.map(sketch), ["dw7s2 16>16", "pw1s1 16>16+relu"]);
});

Deno.test("an xception block has three depthwise convolutions, the first with the stride", () => {
  const { main, projection } = blockLayers(xception3, stride2);
  assertEquals(main.map(sketch), [
    "dw3s2 16>16",
    "pw1s1 16>32+relu",
    "dw3s1 32>32",
    "pw1s1 32>32+relu",
    "dw3s1 32>32",
    "pw1s1 32>48+relu",
  ]);
  assertEquals(projection.map(sketch), ["dw3s2 16>16", "pw1s1 16>16+relu"]);
  assertEquals(blockLayers(xception3, stride1).main[0].stride, 1);
});

Deno.test("an xception block takes another kernel in each of its depthwise convolutions", () => {
  const { main, projection } = blockLayers({ kind: "xception", kernel: 7 }, stride2);
  const kernels = [...main, ...projection].map(({ kind, kernel }) => `${kind} ${kernel}`);
  assertEquals(new Set(kernels), new Set(["depthwise 7", "pointwise 1"]));
});

Deno.test("a bottleneck has its stride in the 3x3 convolution, and projects where the shape changes", () => {
  const [first, second] = blockShapes(searchSpaces["resnet-50"]);
  const fourth = blockShapes(searchSpaces["resnet-50"])[3];
  const sketched = [first, second, fourth].map((block) => {
    const { main, projection } = blockLayers({ kind: "bottleneck" }, block);
    return [main.map(sketch), projection.map(sketch)];
  });
  assertEquals(sketched, [
    [["pw1s1 64>64+relu", "conv3s1 64>64+relu", "pw1s1 64>256"], ["pw1s1 64>256"]],
    [["pw1s1 256>64+relu", "conv3s1 64>64+relu", "pw1s1 64>256"], []],
    [["pw1s1 256>128+relu", "conv3s2 128>128+relu", "pw1s1 128>512"], ["pw1s2 256>512"]],
  ]);
});

Deno.test("in every block of every space the branches chain and join to the block's output", () => {
  for (const space of Object.values(searchSpaces)) {
    for (const block of blockShapes(space)) {
      for (const choice of space.choices) {
        const { join, main, projection } = blockLayers(choice, block);
        for (const branch of [main, projection]) {
          branch.slice(1).forEach((layer, i) => assertEquals(layer.inChannels, branch[i].outChannels));
        }
        const made = main[main.length - 1].outChannels;
        const other = projection.at(-1)?.outChannels;
        if (join === "concat") assertEquals(made + (other ?? block.inChannels / 2), block.outChannels);
        else assertEquals([made, other ?? block.inChannels], [block.outChannels, block.outChannels]);
        const strides = [main, projection].map((branch) => branch.reduce((s, { stride }) => s * stride, 1));
        assertEquals(strides, [block.stride, projection.length > 0 ? block.stride : 1]);
      }
    }
  }
});

Deno.test("the authors' stem has a bias, ResNet's a max-pool, and the last layer neither", () => {
  assertEquals(sketch(stemLayers(small).conv), "conv3s2 3>16+relu+bias");
  assertEquals(stemLayers(small).maxPool, false);
  assertEquals(sketch(stemLayers(searchSpaces["resnet-50"]).conv), "conv7s2 3>64+relu");
  assertEquals(stemLayers(searchSpaces["resnet-50"]).maxPool, true);
  assertEquals(lastLayers(small).map(sketch), ["pw1s1 640>1024+relu"]);
  assertEquals(lastLayers(searchSpaces["resnet-50"]), []);
});
