/**
 * Tensors that one worker of a group has read and all need.
 *
 * @module
 */
import { joinBytes } from "../base/join_bytes.ts";
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
  const bytes = group.rank === 0 ? joinBytes(encodeSafetensors(tensors, metadata)) : new Uint8Array();
  return decodeSafetensors(shareBytes(group, bytes, "tensors"), "the first worker's tensors");
}
