/**
 * Tensors that one worker of a group has read and all need.
 *
 * @module
 */
import { shareBytes, type WorkerGroup } from "../nn/worker_group.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsContent,
  type TensorMap,
} from "./safetensors.ts";

/**
 * Gives every worker the tensors that worker 0 has, to the bit.
 *
 * @param tensors Worker 0's; the others' are not read.
 * @param metadata Worker 0's words with them.
 */
export function shareTensors(
  group: WorkerGroup,
  tensors: TensorMap,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsContent {
  const bytes = group.rank === 0 ? joined(encodeSafetensors(tensors, metadata)) : new Uint8Array();
  return decodeSafetensors(shareBytes(group, bytes, "tensors"), "the first worker's tensors");
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
