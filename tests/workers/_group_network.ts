/**
 * A process of its own for `group_network_test.ts`: says where the second of two workers would run, or why there is no such
 * place.
 *
 * @module
 */
import { freePorts } from "../../tasks/free_ports.ts";
import { GroupNetwork } from "../../lib/workers/group_network.ts";

await using network = new GroupNetwork({ workers: 2, openPorts: false, freePorts, say: console.log });
try {
  const { prefix, group } = await network.place(1);
  console.log([...prefix, ...group.addresses].join(" "));
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
