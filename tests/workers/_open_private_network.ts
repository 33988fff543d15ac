/**
 * A process of its own, as it is told by its environment where commands are: opens a private network and prints why it can't.
 *
 * @module
 */
import { openPrivateNetwork } from "../../lib/workers/private_network.ts";

await openPrivateNetwork().catch((error: Error) => console.log(error.message));
