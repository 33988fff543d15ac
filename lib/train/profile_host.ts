/**
 * What the machine around the device is, for telling measurements of different machines apart.
 *
 * @module
 */
import { cpus } from "node:os";

/** The model of this machine's processor; null where it can't be had (a permission that isn't worth asking for). */
export async function hostCpuModel(): Promise<string | null> {
  const permission = await Deno.permissions.query({ name: "sys", kind: "cpus" });
  if (permission.state !== "granted") return null;
  return cpus()[0]?.model.trim() || null;
}
