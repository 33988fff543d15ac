/**
 * A process of its own, so that nobody else's memory counts: sends 400 strings of a MiB into TensorFlow, gives each back, and
 * prints by how many MiB the process has grown.
 *
 * @module
 */
import { DataType } from "../../lib/engine/data_type.ts";
import { binding, useEngine } from "../helpers/engine.ts";

await useEngine();
const megabyte = new Uint8Array(2 ** 20).fill(65);
const come = (): void => binding().deleteTensor(binding().createTensor([1], DataType.string, [megabyte]));
come();
const before = Deno.memoryUsage().rss;
for (let i = 0; i < 400; i++) come();
console.log((Deno.memoryUsage().rss - before) / 2 ** 20);
Deno.exit(0); // TensorFlow's threads outlive any call
