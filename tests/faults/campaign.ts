/**
 * Faults in numbers: each is done to a job of its own, which is then gone on with to its end and held against the same job
 * that nothing befell.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { runJob } from "../helpers/job.ts";
import { candidates, results } from "../helpers/run_state.ts";
import { type FaultedJob, type FaultKind, type FaultOutcome, jobFlags } from "./fault.ts";
import { processFaults } from "./process_faults.ts";
import { storageFaults } from "./storage_faults.ts";
import { workerFaults } from "./worker_faults.ts";

/** Every kind of fault. */
export const faultKinds: readonly FaultKind[] = [...processFaults, ...workerFaults, ...storageFaults];

/** What became of one fault. */
export interface FaultReport {
  readonly kind: FaultKind;
  readonly seed: number;
  /** Null if the product did not keep a promise. */
  readonly outcome: FaultOutcome | null;
  /** What was not as promised; empty if all was. */
  readonly failure: string;
  /** Processes of the run that were left. */
  readonly orphans: number;
}

/** Faults to jobs; the quiet runs are made once. Disposed, its folder is removed. */
export class Campaign implements AsyncDisposable {
  readonly #folder: string;
  readonly #quiet = new Map<number, Promise<string>>();
  #jobs = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder that all runs are in. */
  static async open(): Promise<Campaign> {
    return new Campaign(await Deno.makeTempDir({ prefix: "detnas_faults_" }));
  }

  /** Does one fault, the same for the same seed, and sees what becomes of it. */
  async run(kind: FaultKind, seed: number): Promise<FaultReport> {
    const folder = `${this.#folder}/${++this.#jobs}`;
    await Deno.mkdir(folder);
    const job = {
      flags: jobFlags(kind.workers),
      folder,
      run: `${folder}/run`,
      quiet: await this.#quietRun(kind),
    };
    let outcome: FaultOutcome | null = null;
    let failure = "";
    try {
      outcome = await kind.inject(job, stream(seed, "fault", kind.name));
      await goOn(job);
      if (kind.check === undefined) await checkEqual(job);
      else kind.check(job);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const orphans = await processesNaming(folder);
    if (failure === "") await Deno.remove(folder, { recursive: true });
    return { kind, seed, outcome, failure, orphans };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  #quietRun({ workers }: FaultKind): Promise<string> {
    let quiet = this.#quiet.get(workers);
    if (quiet === undefined) {
      quiet = finished([...jobFlags(workers), "--run", `${this.#folder}/quiet${workers}`]);
      this.#quiet.set(workers, quiet);
    }
    return quiet;
  }
}

/** Runs a search to its end, and gives its folder. */
async function finished(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runJob("search", args);
  assertEquals([code, stderr], [0, ""], stdout);
  return args[args.length - 1];
}

/** The same command again, without the fault. */
async function goOn({ flags, run }: FaultedJob): Promise<void> {
  await finished([...flags, "--run", run]);
}

async function checkEqual({ run, quiet }: FaultedJob): Promise<void> {
  assertEquals(candidates(run), candidates(quiet), "candidates differ");
  assertEquals(await results(run), await results(quiet), "checkpoints or winners differ");
  assertEquals(await curve(run), await curve(quiet), "learning curves differ");
}

/** The learning curves less their times, less the search's memory, and less what is said once a report: a stop makes one more. */
async function curve(run: string): Promise<unknown[]> {
  const text = await Deno.readTextFile(`${run}/metrics.jsonl`);
  return text.trimEnd().split("\n").filter((line) => JSON.parse(line).stage !== "search").map((line) => {
    const { elapsedMs: _e, waitMs: _w, rssBytes: _r, totalSteps: _t, ...rest } = JSON.parse(line);
    return rest;
  });
}

/** How many processes have a folder in their command line. */
async function processesNaming(folder: string): Promise<number> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["--full", folder] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").length;
}

/** The reports as a table in Markdown, a row a kind. */
export function reliabilityTable(reports: readonly FaultReport[]): string {
  const rows = faultKinds.flatMap((kind) => {
    const own = reports.filter((report) => report.kind === kind);
    if (own.length === 0) return [];
    const noticed = own.flatMap(({ outcome }) => outcome?.noticedMs ?? []);
    const slowest = noticed.length === 0 ? "" : `${(Math.max(...noticed) / 1000).toFixed(1)} s`;
    const [good, orphans] = [own.filter(({ failure }) => failure === "").length, sum(own)];
    return [`| ${kind.title} | ${own.length} | ${good} | ${orphans} | ${slowest} |`];
  });
  const head = [
    "| fault | times | as promised | orphans | noticed within |",
    "| --- | --- | --- | --- | --- |",
  ];
  return [...head, ...rows].join("\n");
}

function sum(reports: readonly FaultReport[]): number {
  return reports.reduce((sum, { orphans }) => sum + orphans, 0);
}
