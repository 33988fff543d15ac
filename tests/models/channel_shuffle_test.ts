import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { channelShuffle } from "../../lib/models/channel_shuffle.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";

await useCpuBackend();

/** Two pixels of eight channels: each value is its channel's number, the second pixel's 100 higher. */
const pixels = tf.tensor4d([0, 1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 103, 104, 105, 106, 107], [1, 1, 2, 8]);

Deno.test("channelShuffle() by method 1 interleaves the halves and passes the first half", () => {
  const [passed, main] = channelShuffle(pixels, 1);
  assertEquals([...passed.dataSync()], [0, 4, 1, 5, 100, 104, 101, 105]);
  assertEquals([...main.dataSync()], [2, 6, 3, 7, 102, 106, 103, 107]);
});

Deno.test("channelShuffle() by method 2 passes the even channels", () => {
  const [passed, main] = channelShuffle(pixels, 2);
  assertEquals([...passed.dataSync()], [0, 2, 4, 6, 100, 102, 104, 106]);
  assertEquals([...main.dataSync()], [1, 3, 5, 7, 101, 103, 105, 107]);
});
