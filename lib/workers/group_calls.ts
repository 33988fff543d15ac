/**
 * Calls that all workers of a group make together: the first one gets them from its coordinator and passes them on to
 * the others, through the same collectives that they train with. So workers on other machines need no other connection.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { shareBytes, type WorkerGroup } from "../nn/worker_group.ts";
import { leaveTogether } from "../train/batch_share.ts";
import type { WorkerApi } from "./worker_api.ts";

/** What takes all workers; everything else the first one does alone. */
const sharedCalls = [
  "openPretraining",
  "openFinetuning",
  "openWinnerPretraining",
  "openRetraining",
  "openRankPretraining",
  "openRankTraining",
  "train",
  "measureStatistics",
  "trainingPictures",
  "validate",
  "closeTraining",
  "openScoring",
  "scoreAll",
  "closeScoring",
] as const satisfies readonly (keyof WorkerApi)[];

type SharedCall = (typeof sharedCalls)[number];

/** What the first worker tells the others: a call, or that there will be none. */
type Word = { readonly name: SharedCall; readonly args: readonly unknown[] } | null;

/** The first worker of a group, to its coordinator as if it were alone. */
export interface LeadingWorker {
  readonly api: WorkerApi;
  /** Lets the others end. */
  dismiss(): void;
}

/**
 * Makes a worker the first of its group.
 *
 * @param worker Answers this worker's part of a call.
 */
export function leadGroup(worker: WorkerApi, group: WorkerGroup): LeadingWorker {
  const api = new Proxy(worker, {
    get(target: WorkerApi, name: string): unknown {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      if (!isShared(name)) return method.bind(target);
      return (...args: unknown[]): Promise<unknown> =>
        leaveTogether(group, async () => {
          tell(group, { name, args });
          return await method.apply(target, args);
        });
    },
  });
  return { api, dismiss: () => tell(group, null) };
}

/**
 * Makes the calls that the first worker passes on, until it lets this one go.
 *
 * @param worker Answers this worker's part of a call; the answers are the first worker's to give.
 * @throws What a call threw; an error if another worker has left or is lost. The group is of no use then.
 */
export async function followGroup(worker: WorkerApi, group: WorkerGroup): Promise<void> {
  for (let word = hear(group); word !== null; word = hear(group)) {
    const { name, args } = word;
    await leaveTogether(group, () => Reflect.apply(worker[name], worker, args));
  }
}

function isShared(name: string): name is SharedCall {
  return (sharedCalls as readonly string[]).includes(name);
}

function tell(group: WorkerGroup, word: Word): void {
  shareBytes(group, serialize(word), "call");
}

function hear(group: WorkerGroup): Word {
  return deserialize(shareBytes(group, new Uint8Array(), "call")) as Word;
}
