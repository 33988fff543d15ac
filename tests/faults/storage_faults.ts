/**
 * Faults of what a run has written, after its command was killed: bits that have changed, files that were cut, a disk
 * without room.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RandomStream } from "../../lib/base/random.ts";
import { exists, root, runJob } from "../helpers/job.ts";
import { candidateCount, interrupted } from "../helpers/run_state.ts";
import {
  checkpointSteps,
  drawn,
  type FaultedJob,
  type FaultKind,
  type FaultOutcome,
  trainings,
  trainingSteps,
} from "./fault.ts";

/** Kills the job at a file's appearance, or at so many candidates. */
async function killAt({ flags, run }: FaultedJob, when: () => boolean | Promise<boolean>): Promise<void> {
  await interrupted({ command: "search", flags, run, when, end: (job) => job.kill() });
}

/** Two checkpoints are there: the newest can be spoilt. */
async function killWithCheckpoints(job: FaultedJob, training: string): Promise<string> {
  await killAt(job, () => exists(`${job.run}/${training}/step-${2 * checkpointSteps}`));
  const newest = await exists(`${job.run}/${training}/step-${trainingSteps}`)
    ? trainingSteps
    : 2 * checkpointSteps;
  return `${job.run}/${training}/step-${newest}`;
}

/** A damaged file of the newest checkpoint: found, named, and the checkpoint before used. */
function checkpointFault(
  name: string,
  title: string,
  spoil: (bytes: Uint8Array<ArrayBuffer>, random: RandomStream) => Uint8Array<ArrayBuffer>,
): FaultKind {
  return {
    name,
    title,
    workers: 1,
    async inject(job, random): Promise<FaultOutcome> {
      const training = drawn(random, trainings.slice(0, 2));
      const checkpoint = await killWithCheckpoints(job, training);
      const file = `${checkpoint}/${drawn(random, ["manifest.json", "network.safetensors"])}`;
      await Deno.writeFile(file, spoil(await Deno.readFile(file), random));
      const { code, stdout, stderr } = await runJob("search", [...job.flags, "--run", job.run]);
      assertEquals([code, stderr], [0, ""], stdout);
      assertStringIncludes(stdout, `Cannot use ${file}: `);
      assertStringIncludes(stdout, "the checkpoint before is used");
      return { done: file.slice(job.run.length + 1) };
    },
  };
}

const flipBit = checkpointFault("flip-bit", "a flipped bit in the newest checkpoint", (bytes, random) => {
  bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
  return bytes;
});

const truncate = checkpointFault(
  "truncate",
  "a truncated file in the newest checkpoint",
  (bytes, random) => bytes.slice(0, random.integer(bytes.length)),
);

/** The learning curve ends anywhere, even inside of a character. */
const tornMetrics: FaultKind = {
  name: "torn-metrics",
  title: "a torn learning curve",
  workers: 1,
  async inject(job, random): Promise<FaultOutcome> {
    await killWithCheckpoints(job, drawn(random, trainings.slice(0, 2)));
    const path = `${job.run}/metrics.jsonl`;
    const bytes = await Deno.readFile(path);
    // Whole lines are on the disk before a checkpoint goes on from them: only what was being added can be torn.
    const line = bytes.subarray(bytes.lastIndexOf(10, bytes.length - 2) + 1);
    const cut = random.integer(line.length);
    await Deno.writeFile(path, line.subarray(0, cut), { append: true });
    return { done: `at byte ${cut} of ${line.length} of a line` };
  },
};

/** The journal's log is cut anywhere, as by a power cut while candidates are written. */
const tornJournal: FaultKind = {
  name: "torn-journal",
  title: "a torn search journal",
  workers: 1,
  async inject(job, random): Promise<FaultOutcome> {
    const count = 1 + random.integer(6);
    await killAt(job, () => candidateCount(job.run) >= count);
    const path = `${job.run}/search.sqlite-wal`;
    const log = await Deno.readFile(path).catch(() => new Uint8Array());
    const cut = random.integer(log.length + 1);
    if (log.length > 0) await Deno.writeFile(path, log.subarray(0, cut));
    return { done: `after ${count} candidates, at byte ${cut} of ${log.length} of its log` };
  },
};

/** A file system of so many bytes at a folder, in a mount namespace of the command's own; made room for by ending it. */
const fullDisk: FaultKind = {
  name: "disk-full",
  title: "a full disk",
  workers: 1,
  async inject(job, random): Promise<FaultOutcome> {
    const kibibytes = Math.floor(await kibibytesOf(job.quiet) * (0.2 + 0.6 * random.uniform()));
    const disk = `${job.folder}/disk`;
    await Deno.mkdir(disk);
    // What was written is copied out at the end: the file system goes with its namespace.
    const script = `mount -t tmpfs -o size=${kibibytes}k none "$1" || exit 99
"$2" task --quiet search --run "$1/run" "\${@:4}"; code=$?
cp -a "$1/run" "$3"; exit $code`;
    const child = new Deno.Command("unshare", {
      args: [
        ...["--map-root-user", "--mount", "bash", "-c", script, "bash"],
        ...[disk, Deno.execPath(), job.run, ...job.flags],
      ],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const { code, stderr } = await child.output();
    const text = new TextDecoder().decode(stderr);
    assert(code !== 99, "no file system can be mounted here");
    assertEquals(code, 1, text);
    assert(/as the disk is full|no space left|disk is full/i.test(text), text);
    return { done: `${kibibytes} KiB` };
  },
};

async function kibibytesOf(folder: string): Promise<number> {
  const { stdout } = await new Deno.Command("du", { args: ["-sk", folder] }).output();
  return parseInt(new TextDecoder().decode(stdout));
}

/** Faults of files. */
export const storageFaults: readonly FaultKind[] = [flipBit, truncate, tornMetrics, tornJournal, fullDisk];
