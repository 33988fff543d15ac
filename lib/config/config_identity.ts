/**
 * When two configs are the same experiment: in everything but how many workers and threads compute it, which a
 * run records beside its config.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Config } from "./schema.ts";

/** A field in which two configs differ; undefined where one has no such field. */
export interface ConfigDifference {
  /** Dotted path, e.g. `search.population`. */
  readonly path: string;
  /** The first config's value. */
  readonly first: unknown;
  /** The second config's value. */
  readonly second: unknown;
}

/** SHA-256 (hexadecimal) of what makes the experiment; equal for configs without {@linkcode configDifferences}. */
export function configHash(config: Config): string {
  const fields = [...flattened(config)].sort(([a], [b]) => a < b ? -1 : 1);
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}

/** The fields in which two configs are different experiments, in the first one's order. */
export function configDifferences(first: Config, second: Config): ConfigDifference[] {
  const [a, b] = [flattened(first), flattened(second)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((path) => ({ path, first: a.get(path), second: b.get(path) }))
    .filter((difference) => JSON.stringify(difference.first) !== JSON.stringify(difference.second));
}

/** Paths to leaves (arrays are leaves), less what doesn't make the experiment. */
function flattened(config: Config): Map<string, unknown> {
  const { workers: _workers, device, ...rest } = config;
  const fields = new Map(leaves({ ...rest, device: { kind: device.kind } }, ""));
  // Runs made before there were these fields are what null and 0 say.
  if (fields.get("retrain.statistics") === null) fields.delete("retrain.statistics");
  for (const path of ["finetune.colorJitter", "retrain.colorJitter"]) {
    if (fields.get(path) === 0) fields.delete(path);
  }
  return fields;
}

function leaves(node: object, prefix: string): [string, unknown][] {
  return Object.entries(node).flatMap(([key, value]): [string, unknown][] => {
    const isBranch = typeof value === "object" && value !== null && !Array.isArray(value);
    return isBranch ? leaves(value, `${prefix}${key}.`) : [[prefix + key, value]];
  });
}
