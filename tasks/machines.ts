/**
 * The machines that a launcher has put together, and whether the user lets them talk.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import { groupOfTfConfig } from "../lib/workers/tf_config.ts";
import type { GroupPlace } from "../lib/workers/worker_place.ts";

/** Launchers start machines minutes apart. */
const joinMs = 10 * 60_000;

/**
 * This machine's place among those that train together.
 *
 * @param tfConfig The environment's `TF_CONFIG`, if it has one.
 * @param openPorts Whether this machine's worker may listen on its port.
 * @returns The place; null if this machine works alone.
 * @throws {SyntaxError} If `TF_CONFIG` can't be read.
 * @throws {RangeError} If the user has not allowed what it takes; says what opens.
 */
export function groupOfMachines(
  tfConfig: string | undefined,
  config: Config,
  openPorts: boolean,
): GroupPlace | null {
  const group = tfConfig === undefined || tfConfig === "" ? null : groupOfTfConfig(tfConfig);
  if (group === null || group.addresses.length === 1) return null;
  const cannot = `Cannot train on the ${group.addresses.length} machines of TF_CONFIG`;
  if (config.workers !== 1) {
    throw new RangeError(
      `${cannot} with --workers ${config.workers}: each machine has one worker; start as many tasks as devices`,
    );
  }
  if (openPorts) return { ...group, joinMs };
  const [port] = group.addresses[group.rank].split(":").slice(-1);
  throw new RangeError(
    `${cannot} unless --open-ports is given: this one's worker listens on TCP port ${port} of every interface, for ` +
      `anyone who connects; only do that in a network that you trust, or unset TF_CONFIG`,
  );
}
