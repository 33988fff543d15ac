import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  backboneHash,
  blockLatencies,
  checkLatencyTable,
  deviceText,
  type LatencyTable,
  type LatencyUse,
  type MeasuredDevice,
  parseLatencyTable,
  type Timing,
} from "../../lib/space/latency_table.ts";
import { authorsChoices, type SearchSpace } from "../../lib/space/search_space.ts";

const space: SearchSpace = {
  name: "two",
  choices: authorsChoices.slice(0, 2),
  stem: "shufflenet",
  stageRepeats: [1, 1],
  stemChannels: 4,
  stageChannels: [8, 16],
  lastChannels: 16,
  resolution: 32,
};

const device: MeasuredDevice = {
  tensorflow: "2.21.0",
  deviceName: "/job:localhost/replica:0/task:0/device:CPU:0",
  threads: 2,
  hostCpu: "AMD EPYC",
  kernels: "tensorflow",
};

const use: LatencyUse = { space, shuffleMethod: 1, canvas: [64, 96], device };

function timing(medianMs: number): Timing {
  return { medianMs, lowerQuartileMs: 0.9 * medianMs, upperQuartileMs: 1.1 * medianMs, repeats: 5 };
}

const table: LatencyTable = {
  version: 2,
  device,
  space: { name: space.name, hash: backboneHash(space) },
  shuffleMethod: 1,
  canvas: [64, 96],
  stem: timing(1),
  blocks: [[timing(2), timing(3)], [timing(4), timing(5)]],
  validation: { backbones: [], meanRelativeError: 0, maxRelativeError: 0, bias: 0, correlation: null },
};

/** The table's text after a change. */
function changed(change: (fields: Record<string, unknown>) => void): string {
  const fields: Record<string, unknown> = JSON.parse(JSON.stringify(table));
  change(fields);
  return JSON.stringify(fields);
}

function refusal(other: Partial<LatencyTable>, wanted: LatencyUse = use): string {
  return assertThrows(() => checkLatencyTable({ ...table, ...other }, wanted, "l.json"), RangeError).message;
}

Deno.test("a latency table is read as it was written, and gives its medians", () => {
  const read = parseLatencyTable(JSON.stringify(table), "l.json");
  assertEquals(read, table);
  checkLatencyTable(read, use, "l.json");
  assertEquals(blockLatencies(read), { stemMs: 1, blocksMs: [[2, 3], [4, 5]] });
});

Deno.test("a latency table that is no table is refused by the file and the first wrong field", () => {
  const message = (text: string, kind: typeof SyntaxError | typeof RangeError | typeof TypeError): string =>
    assertThrows(() => parseLatencyTable(text, "l.json"), kind).message;
  assertStringIncludes(message("{", SyntaxError), "Cannot read l.json: it is no JSON: ");
  assertStringIncludes(message("[]", RangeError), "its version is undefined, wanted 2");
  assertStringIncludes(message("null", RangeError), "its version is undefined, wanted 2");
  assertStringIncludes(message(changed((it) => it.version = 1), RangeError), "its version is 1, wanted 2");
  assertEquals(
    message(changed((it) => it.canvas = [64]), TypeError),
    "Cannot read l.json: canvas.1 is missing, wanted a number above 0",
  );
  assertStringIncludes(message(changed((it) => it.device = 3), TypeError), "device.tensorflow is missing");
  assertStringIncludes(message(changed((it) => it.blocks = {}), TypeError), "blocks is {}, wanted a list");
  assertStringIncludes(message(changed((it) => it.blocks = [1]), TypeError), "blocks.0 is 1, wanted a list");
  assertStringIncludes(message(changed((it) => delete it.stem), TypeError), "stem.medianMs is missing");
  assertStringIncludes(
    message(changed((it) => it.blocks = [[timing(1), timing(-2)]]), TypeError),
    "blocks.0.1.medianMs is -2, wanted a number above 0",
  );
});

Deno.test("a latency table of another device is refused, and both are named", () => {
  const text = "CPU:0 (AMD EPYC), 2 threads, TensorFlow 2.21.0, blocks by tensorflow";
  assertEquals(deviceText(device), text);
  const others: [MeasuredDevice, string][] = [
    [{ ...device, deviceName: "/job:localhost/replica:0/task:0/device:GPU:0" }, "GPU:0 (AMD EPYC)"],
    [{ ...device, hostCpu: "Xeon", kernels: "tensorflow" }, "CPU:0 (Xeon)"],
    [{ ...device, hostCpu: null, kernels: "tensorflow" }, "CPU:0 (unknown processor)"],
    [{ ...device, threads: 8 }, "8 threads"],
    [{ ...device, tensorflow: "2.20.0" }, "TensorFlow 2.20.0"],
  ];
  for (const [other, named] of others) {
    const message = refusal({ device: other });
    assertStringIncludes(
      message,
      "Cannot use the latencies of l.json as they were measured on another device: ",
    );
    assertStringIncludes(message, named);
    assertStringIncludes(message, `wanted ${text}; run deno task profile`);
  }
});

Deno.test("a latency table of another space, shuffle or canvas is refused, and both are named", () => {
  const wider = { ...space, name: "wide", stageChannels: [8, 20] };
  assertStringIncludes(refusal({}, { ...use, space: wider }), 'space "two", wanted space "wide"');
  assertStringIncludes(
    refusal({}, { ...use, space: { ...wider, name: "two" } }),
    'space "two", wanted space "two" as it is now',
  );
  assertStringIncludes(refusal({}, { ...use, shuffleMethod: 2 }), "method 1, wanted method 2");
  assertStringIncludes(refusal({}, { ...use, canvas: [96, 64] }), "64x96 px, wanted 96x64 px");
});

Deno.test("a latency table that lacks a block or a choice is refused", () => {
  assertStringIncludes(refusal({ blocks: table.blocks.slice(1) }), "it has 1 blocks, wanted 2");
  assertStringIncludes(
    refusal({ blocks: [table.blocks[0], [timing(1)]] }),
    "blocks.1 has 1 choices, wanted 2",
  );
});

Deno.test("backboneHash() changes with all that the backbone is made of, and with nothing else", () => {
  const hash = backboneHash(space);
  assertMatch(hash, /^[0-9a-f]{64}$/);
  assertEquals(backboneHash({ ...space, name: "x", lastChannels: 8, resolution: 64 }), hash);
  for (
    const change of [
      { choices: authorsChoices.slice(1, 3) },
      { stem: "resnet" },
      { stageRepeats: [1, 2] },
      { stemChannels: 8 },
      { stageChannels: [8, 20] },
    ] as const
  ) assertNotEquals(backboneHash({ ...space, ...change }), hash);
});
