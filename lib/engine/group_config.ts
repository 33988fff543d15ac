/**
 * What TensorFlow is told of a group of workers: who belongs to it, where each listens, and how the dead are found.
 *
 * @module
 */
import { bytesField, numberField } from "../base/protobuf.ts";

/** A worker's place in its group, and how long it waits for the others. */
export interface GroupOptions {
  /** Which of the addresses is this worker's. */
  readonly rank: number;
  /** `host:port` of every worker, in rank order and the same for all. */
  readonly addresses: readonly string[];
  /** For the others to start, in ms; default 60,000. */
  readonly joinMs?: number;
  /** A worker silent for so long is taken for dead, whatever it waits for: killed or stopped; in ms, default 5,000. */
  readonly heartbeatMs?: number;
}

/** The same with nothing left open. */
export type Group = Required<GroupOptions>;

/** Fills in the defaults. */
export function groupOf(options: GroupOptions): Group {
  const { rank, addresses } = options;
  if (!Number.isInteger(rank) || rank < 0 || rank >= addresses.length) {
    throw new RangeError(
      `Cannot join a group of ${addresses.length} as rank must be a whole number from 0 and below that: it is ${rank}`,
    );
  }
  return { joinMs: 60_000, heartbeatMs: 5_000, ...options };
}

/** A worker's name among TensorFlow's devices. */
export function taskName(rank: number): string {
  return `/job:worker/replica:0/task:${rank}`;
}

/**
 * Fields of a `ConfigProto` (device_filters = 4, experimental = 16 { collective_group_leader = 1, collective_nccl = 7,
 * coordination_config = 23 }). The coordination service runs in worker 0; every worker's own thread tells it that the
 * process lives, however long JavaScript waits in a call.
 */
export function groupFields(group: Group): number[] {
  const experimental = [
    ...bytesField(1, taskName(0)),
    ...numberField(7, 1),
    ...bytesField(23, coordinationConfig(group)),
  ];
  return [...bytesField(4, `/job:worker/task:${group.rank}`), ...bytesField(16, experimental)];
}

/**
 * A `CoordinationServiceConfig` (service_type = 1, service_leader = 2, enable_health_check = 3,
 * cluster_register_timeout_in_ms = 4, heartbeat_timeout_in_ms = 5, agent_destruction_without_shutdown = 8,
 * coordinated_job_list = 10 { name = 1, num_tasks = 2 }).
 */
function coordinationConfig(group: Group): number[] {
  return [
    ...bytesField(1, "standalone"),
    ...bytesField(2, taskName(0)),
    ...numberField(4, group.joinMs),
    ...numberField(5, group.heartbeatMs),
    ...numberField(8, 1),
    ...bytesField(10, [...bytesField(1, "worker"), ...numberField(2, group.addresses.length)]),
  ];
}

/**
 * A `ServerDef` (cluster = 1 { job = 1 { name = 1, tasks = 2 } }, job_name = 2, task_index = 3,
 * default_session_config = 4, protocol = 5).
 *
 * @param config The context's own `ConfigProto`.
 */
export function serverDef(group: Group, config: Uint8Array): Uint8Array<ArrayBuffer> {
  const tasks = group.addresses.flatMap((address, rank) =>
    bytesField(2, [...numberField(1, rank), ...bytesField(2, address)])
  );
  return new Uint8Array([
    ...bytesField(1, bytesField(1, [...bytesField(1, "worker"), ...tasks])),
    ...bytesField(2, "worker"),
    ...numberField(3, group.rank),
    ...bytesField(4, [...config]),
    ...bytesField(5, "grpc"),
  ]);
}
