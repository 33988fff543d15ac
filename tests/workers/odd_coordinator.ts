/**
 * A coordinator for tests, to be killed: starts an odd worker, has it wait in native code for a minute, and prints
 * its number.
 *
 * @module
 */
import { startWorker } from "../../lib/workers/worker_process.ts";
import { oddWorkerOptions } from "./odd_worker_options.ts";

const worker = startWorker(oddWorkerOptions("/nowhere"));
await worker.call((api) => api.device());
const answer = worker.call((api) => api.gateGradients([], 60));
console.log(worker.pid);
await answer;
