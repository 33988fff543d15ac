import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import type { TrainingTask } from "../../lib/workers/worker_api.ts";
import { startWorker, WorkerError, type WorkerProcess } from "../../lib/workers/worker_process.ts";
import { exists, root, withFolder } from "../helpers/job.ts";

const task = {} as TrainingTask; // the odd worker asks for none

function oddWorker(runDir = "/nowhere"): WorkerProcess {
  return startWorker({
    entry: new URL("./odd_worker.ts", import.meta.url),
    libraryPath: "none.so",
    libraryFolders: [],
    device: "cpu",
    threads: 3,
    runDir,
    indexDir: null,
  });
}

Deno.test("a worker gets its device and threads, and answers one call after the other", async () => {
  await using worker = oddWorker();
  const wanted = { tensorflow: "none", deviceName: "cpu", threads: 3 };
  assertEquals(await worker.call((api) => api.device()), wanted);
  assertEquals(await Promise.all([1, 2].map(() => worker.call((api) => api.device()))), [wanted, wanted]);
});

Deno.test("a worker's answer may be larger than a pipe's buffer", async () => {
  await using worker = oddWorker();
  const [{ bytes }] = await worker.call((api) => api.pictures(task, [], 3_000_000));
  assertEquals([bytes.length, bytes[0], bytes[2_999_999]], [3_000_000, 5, 5]);
});

Deno.test("an error thrown in a worker arrives with its message, and the worker goes on", async () => {
  await using worker = oddWorker();
  const error = await assertRejects(() => worker.call((api) => api.validate()), Error, "images are blue");
  assert(!(error instanceof WorkerError), "the worker has not ended");
  assertEquals(error.name, "RangeError");
  assertEquals((await worker.call((api) => api.device())).threads, 3);
});

Deno.test("a worker that exits gives a WorkerError with its exit code and the end of its standard error", async () => {
  await using worker = oddWorker();
  const error = await assertRejects(() => worker.call((api) => api.train(1)), WorkerError);
  assertStringIncludes(
    error.message,
    "The worker process ended with exit code 7; the end of its standard error:\n",
  );
  assertStringIncludes(error.message, "F0000 the last words");
  assertLess(error.message.length, 4300, "the end only");
});

Deno.test("a killed worker gives a WorkerError with the signal, to this call and to later ones", async () => {
  await using worker = oddWorker();
  for (let i = 0; i < 2; i++) {
    await assertRejects(
      () => worker.call((api) => api.score([])),
      WorkerError,
      "The worker process ended with SIGKILL",
    );
  }
});

Deno.test("a worker that is killed inside a message gives a WorkerError too", async () => {
  await using worker = oddWorker();
  const error = await assertRejects(() => worker.call((api) => api.closeScoring()), WorkerError);
  assertStringIncludes(
    error.message,
    "ended with SIGKILL (Cannot read a message as the stream ended inside it",
  );
});

Deno.test("a worker whose messages can't be read is ended, and gives a WorkerError that says why", async () => {
  await using worker = oddWorker();
  const error = await assertRejects(() => worker.call((api) => api.closeTraining()), WorkerError);
  assertStringIncludes(error.message, "ended with SIGKILL (Cannot read a message of ");
});

Deno.test("a worker that can't start gives a WorkerError with what it said", async () => {
  await using worker = startWorker({
    entry: new URL("./no_such_worker.ts", import.meta.url),
    libraryPath: "none.so",
    libraryFolders: [],
    device: "cpu",
    threads: 1,
    runDir: "/nowhere",
    indexDir: null,
  });
  const error = await assertRejects(() => worker.call((api) => api.device()), WorkerError);
  assertStringIncludes(error.message, "The worker process ended with exit code 1");
  assertStringIncludes(error.message, "no_such_worker.ts");
});

Deno.test("the real worker says so if its library can't be loaded", async () => {
  await using worker = startWorker({
    entry: new URL("tasks/worker.ts", root),
    libraryPath: "/nowhere/libtensorflow_cc.so.2",
    libraryFolders: [],
    device: "cpu",
    threads: 1,
    runDir: "/nowhere",
    indexDir: null,
  });
  const error = await assertRejects(() => worker.call((api) => api.device()), WorkerError);
  assertStringIncludes(error.message, "/nowhere/libtensorflow_cc.so.2");
});

Deno.test("a worker may write to the run's folder, which need not exist yet, and nowhere else", () =>
  withFolder(async (folder) => {
    const runDir = `${folder}/run`;
    await using worker = oddWorker(runDir);
    const write = (path: string): Promise<void> =>
      worker.call(async (api) => void await api.checkImages([path] as never, 0));
    await assertRejects(() => write(`${folder}/elsewhere`), Error, "Requires write access");
    assert(!await exists(`${folder}/elsewhere`));
    await Deno.mkdir(runDir);
    await write(`${runDir}/allowed`);
    assert(await exists(`${runDir}/allowed`));
  }));

Deno.test("a worker process ends well when its input closes", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-env",
      "--allow-read",
      new URL("./odd_worker.ts", import.meta.url).href,
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await child.stdin.close();
  const { code, signal } = await child.status;
  assertEquals([code, signal], [0, null]);
});

Deno.test("no command's coordinator may load native code, run any program or use the network", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    tasks: Record<string, { command: string }>;
  };
  const coordinators = ["search", "pretrain", "finetune", "retrain", "evaluate", "report", "doctor"];
  for (const name of coordinators.filter((name) => name in tasks)) {
    const { command } = tasks[name];
    assertStringIncludes(command, "--no-prompt");
    assert(!/--allow-(ffi|all|net)|\s-A\b|--allow-run(\s|$)/.test(command), `${name}: ${command}`);
  }
  assert("search" in tasks);
});
