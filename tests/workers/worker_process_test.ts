import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { TrainingTask } from "../../lib/workers/worker_api.ts";
import {
  startWorker,
  visibleDevice,
  WorkerError,
  type WorkerProcess,
} from "../../lib/workers/worker_process.ts";
import { exists, root, withFolder } from "../helpers/job.ts";
import { areGone } from "../helpers/run_state.ts";
import { oddWorkerOptions } from "./odd_worker_options.ts";

const task = {} as TrainingTask; // the odd worker asks for none

function oddWorker(runDir = "/nowhere"): WorkerProcess {
  return startWorker(oddWorkerOptions(runDir));
}

Deno.test("a worker gets its device and threads, and answers one call after the other", async () => {
  await using worker = oddWorker();
  const wanted = { tensorflow: "none", deviceName: "cpu", threads: 3 };
  assertEquals(await worker.call((api) => api.device()), wanted);
  assertEquals(await Promise.all([1, 2].map(() => worker.call((api) => api.device()))), [wanted, wanted]);
});

Deno.test("a worker's answer may be larger than a pipe's buffer", async () => {
  await using worker = oddWorker();
  const [{ bytes }] = await worker.call((api) => api.pictures(task, [], [3_000_000]));
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
    kernels: null,
    usesXla: false,
    device: "cpu",
    threads: 1,
    deviceIndex: 0,
    runDir: "/nowhere",
    indexDir: null,
    place: null,
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
    kernels: null,
    usesXla: false,
    device: "cpu",
    threads: 1,
    deviceIndex: 0,
    runDir: "/nowhere",
    indexDir: null,
    place: null,
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

Deno.test({
  name: "a worker that is at work in native code is alive; stopped, it is found out within 7 s and ended",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using busy = oddWorker();
    await using stopped = oddWorker();
    for (const worker of [busy, stopped]) await worker.call((api) => api.device());
    const slept = busy.call((api) => api.gateGradients([], 7));
    const answer = stopped.call((api) => api.gateGradients([], 60));
    Deno.kill(stopped.pid, "SIGSTOP");
    const startMs = performance.now();
    const error = await assertRejects(() => answer, WorkerError);
    assertLess(performance.now() - startMs, 7000);
    assertStringIncludes(error.message, "The worker process was ended as it gave no sign of life for 5 s");
    assert(await areGone([stopped.pid], 1000));
    assertEquals(await slept, [0], "it was away longer than that");
  },
});

Deno.test({
  name: "a worker that is at work in native code ends within 2 s of its coordinator",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const coordinator = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--allow-read", "--allow-env", `--allow-run=${Deno.execPath()}`],
        new URL("./odd_coordinator.ts", import.meta.url).href,
      ],
      stdout: "piped",
      stdin: "null",
    }).spawn();
    const lines = coordinator.stdout.pipeThrough(new TextDecoderStream());
    const [worker] = (await Array.fromAsync(takeFirst(lines))).map(Number);
    coordinator.kill("SIGKILL");
    assert(await areGone([worker], 2000), `process ${worker} is still there`);
    await coordinator.status;
  },
});

Deno.test("a coordinator that may run but a few programs starts workers on a machine with LD_LIBRARY_PATH", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const coordinator = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", "--allow-env", `--allow-run=${Deno.execPath()}`],
      new URL("./odd_coordinator.ts", import.meta.url).href,
    ],
    env: { LD_LIBRARY_PATH: "/nowhere" },
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const lines = coordinator.stdout.pipeThrough(new TextDecoderStream());
  const [worker] = (await Array.fromAsync(takeFirst(lines))).map(Number);
  assertGreater(worker, 0);
  coordinator.kill("SIGKILL");
  await coordinator.status;
});

async function* takeFirst<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  for await (const item of stream) return yield item;
}

for (
  const [visible, index, wanted] of [
    [undefined, 0, "0"],
    ["", 1, "1"],
    ["2,3", 1, "3"],
    ["GPU-8932f937, MIG-1", 1, "MIG-1"],
  ] as const
) {
  Deno.test(`of the GPUs ${visible ?? "of the machine"} worker ${index} has ${wanted}`, () => {
    assertEquals(visibleDevice(visible, index), wanted);
  });
}

Deno.test("a worker without a GPU is refused", () => {
  assertThrows(
    () => visibleDevice("0,1", 2),
    RangeError,
    "Cannot give worker 3 a GPU of its own: CUDA_VISIBLE_DEVICES is 0,1",
  );
});

Deno.test("no command's coordinator may load native code, run any program or use a network beyond this machine", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    tasks: Record<string, { command: string }>;
  };
  const coordinators = ["search", "pretrain", "finetune", "retrain", "evaluate", "report", "doctor"];
  const withDashboard = ["search", "pretrain", "finetune", "retrain"];
  for (const name of coordinators.filter((name) => name in tasks)) {
    const { command } = tasks[name];
    assertStringIncludes(command, "--no-prompt");
    const beyond = withDashboard.includes(name) ? command.replace(" --allow-net=127.0.0.1 ", " ") : command;
    assert(!/--allow-(ffi|all|net)|\s-A\b|--allow-run(\s|$)/.test(beyond), `${name}: ${command}`);
  }
  assert("search" in tasks);
});
