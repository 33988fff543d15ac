import { assert, assertEquals, assertThrows } from "@std/assert";
import { everyWorkload, parsePeerOptions, selected } from "../../bench/peers/options.ts";
import { TextLineStream } from "../../bench/peers/text_lines.ts";
import { parseRunnerOptions, runnerFlags } from "../../bench/runner.ts";
import { blockWorkloads, detectionStep, mixedPath } from "../../bench/workloads.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";

Deno.test("there is a row for each choice, stage, stride and pass, and no name twice", () => {
  for (const space of [searchSpaces.small, searchSpaces["large-3.8G"]]) {
    const names = everyWorkload(space, 32, 1).map(({ name }) => name);
    assertEquals(names.length, 4 * 4 * 2 * 2 + 5);
    assertEquals(new Set(names).size, names.length);
  }
});

Deno.test("blocks have the sizes and widths that they have at 224 px", () => {
  const [first] = blockWorkloads(searchSpaces.small, "train", 32);
  assertEquals([first.heightPx, first.inChannels, first.outChannels, first.stride], [112, 16, 64, 2]);
  const last = blockWorkloads(searchSpaces["large-3.8G"], "train", 8).at(-1)!;
  assertEquals([last.heightPx, last.inChannels, last.outChannels, last.stride], [7, 1728, 1728, 1]);
});

Deno.test("the path of whole networks has every choice in every stage", () => {
  const path = mixedPath(searchSpaces.small);
  assertEquals(path, [0, 1, 2, 3, 1, 2, 3, 0, 2, 3, 0, 1, 2, 3, 0, 1, 3, 0, 1, 2]);
});

Deno.test("a detection step's boxes are the same each time, lie in the image and are no points", () => {
  const step = detectionStep(searchSpaces.small, "retinanet", 2, 320, 256);
  assertEquals(step.boxesXyxy, detectionStep(searchSpaces.small, "faster-rcnn", 2, 320, 256).boxesXyxy);
  for (const boxes of step.boxesXyxy) {
    assertEquals(boxes.length, 4 * 8);
    for (let i = 0; i < boxes.length; i += 4) {
      const [x1, y1, x2, y2] = boxes.slice(i, i + 4);
      assert(0 <= x1 && x1 + 20 < x2 && x2 <= 256, `${x1}..${x2}`);
      assert(0 <= y1 && y1 + 20 < y2 && y2 <= 320, `${y1}..${y2}`);
    }
  }
});

Deno.test("--only takes rows that have all words of one of its lists", () => {
  const all = everyWorkload(searchSpaces.small, 32, 1);
  const names = selected(all, ["stage1 stride1 train 7x7", "step classification"]).map(({ name }) => name);
  assertEquals(names, [
    "block small stage1 stride1 shuffle 7x7 train 32x56x56",
    "step small classification 32x224x224",
  ]);
  assertThrows(() => selected(all, ["stage9"]), RangeError, "Cannot find rows of --only stage9");
});

Deno.test("flags that nobody knows are refused, with those there are", () => {
  assertThrows(() => parsePeerOptions(["--onyl", "x"]), TypeError, "Cannot understand --onyl");
  assertThrows(() => parsePeerOptions(["--modes", "eager,fast"]), TypeError, "mode fast");
  assertThrows(() => parsePeerOptions(["--rounds", "0"]), TypeError, "--rounds 0");
  assertThrows(() => parsePeerOptions(["--device", "tpu"]), TypeError, "--device tpu");
});

Deno.test("--quick is three rounds of eager without memory, unless more is said", () => {
  const { rounds, modes, memory } = parsePeerOptions(["--quick", "--rounds", "5"]);
  assertEquals([rounds, modes, memory], [5, ["eager"], false]);
  assertEquals(parsePeerOptions([]).modes, ["eager", "compile", "folded"]);
});

Deno.test("a runner's options go through its flags unchanged", () => {
  const options = { device: "gpu", threads: 3, kernels: "tensorflow" } as const;
  assertEquals(parseRunnerOptions(["32", ...runnerFlags(options), "--output", "x"]), options);
  assertThrows(() => parseRunnerOptions(["--threads", "0"]), TypeError, "--threads 0");
  assertThrows(() => parseRunnerOptions(["--kernels", "fast"]), TypeError, "--kernels fast");
});

Deno.test("lines are whole however the text comes in pieces", async () => {
  const lines = await Array.fromAsync(
    ReadableStream.from(["a", "b\nc", "\n\n", "d"]).pipeThrough(new TextLineStream()),
  );
  assertEquals(lines, ["ab", "c", "", "d"]);
});
