import { assertEquals, assertThrows } from "@std/assert";
import { saveCheckpoint } from "../../lib/train/checkpoint.ts";
import { checkNetworkMetadata, networkMetadata } from "../../lib/train/network_metadata.ts";
import { decodeSafetensors } from "../../lib/train/safetensors.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

const metadata = networkMetadata(tinyConfig);

Deno.test("a file of weights alone tells its space and its channel shuffle", () =>
  withFolder(async (dir) => {
    const network = new Map([["w", { shape: [1], dtype: "F32" as const, data: Float32Array.of(1) }]]);
    const origin = { configHash: "c", seed: 1, threads: 1, versions: {} };
    const path = await saveCheckpoint(dir, { step: 1, origin, metadata, files: { network } });
    const file = `${path}/network.safetensors`;
    assertEquals(decodeSafetensors(await Deno.readFile(file), file).metadata, metadata);
    assertEquals(metadata.shuffleMethod, "1");
  }));

Deno.test("weights of the other channel shuffle are refused with both methods", () => {
  checkNetworkMetadata("step-1", metadata, metadata);
  const other = networkMetadata({ ...tinyConfig, shuffleMethod: 2 });
  assertThrows(
    () => checkNetworkMetadata("step-1", metadata, other),
    RangeError,
    "Cannot use the weights of step-1 as they are another network's: its shuffleMethod is 1, wanted 2",
  );
});

Deno.test("a space's name and the resolution it is counted at change no weight", () => {
  const renamed = { ...tinyConfig, space: { ...tinyConfig.space, name: "mine", resolution: 96 } };
  assertEquals(networkMetadata(renamed), metadata);
});
