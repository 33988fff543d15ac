/**
 * The description of a cluster that launchers put into the environment variable `TF_CONFIG`: Kubernetes' TFJob, SLURM's
 * and other TensorFlow launchers.
 *
 * @module
 */
import type { GroupPlace } from "./worker_place.ts";

/** The kinds of task that train, in the order of their ranks: a chief, where there is one, is the first worker. */
const trainingTasks = ["chief", "master", "worker"];

/**
 * Reads a worker's place in its group, e.g. from
 * `{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 1}}`.
 *
 * @param text The variable's value.
 * @throws {SyntaxError} If it is no such description; says what is wanted.
 */
export function groupOfTfConfig(text: string): GroupPlace {
  const { cluster, task } = parsed(text);
  const tasks = trainingTasks.flatMap((type) =>
    addressesOf(cluster[type] ?? [], type).map((address, index) => ({ type, index, address }))
  );
  const rank = tasks.findIndex(({ type, index }) => type === task.type && index === Number(task.index));
  if (rank >= 0) return { rank, addresses: tasks.map(({ address }) => address) };
  throw unreadable(`task ${task.type} ${task.index} is not among the cluster's ${trainingTasks.join(", ")}`);
}

interface TfConfig {
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly task: { readonly type?: unknown; readonly index?: unknown };
}

function parsed(text: string): TfConfig {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw unreadable("it is no JSON");
  }
  const { cluster, task } = isRecord(config) ? config : {};
  if (!isRecord(cluster)) throw unreadable("cluster is missing, wanted an object of lists of HOST:PORT");
  if (!isRecord(task)) throw unreadable("task is missing, wanted an object with type and index");
  return { cluster, task };
}

function addressesOf(list: unknown, type: string): string[] {
  const isAddress = (value: unknown): value is string =>
    typeof value === "string" && /^\S+:[0-9]{1,5}$/.test(value);
  if (Array.isArray(list) && list.every(isAddress)) return list;
  throw unreadable(`cluster.${type} is ${JSON.stringify(list)}, wanted a list of HOST:PORT`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unreadable(reason: string): SyntaxError {
  return new SyntaxError(`Cannot read TF_CONFIG: ${reason}`);
}
