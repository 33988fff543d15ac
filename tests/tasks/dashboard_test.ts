/** The dashboard of real commands, seen over HTTP as a browser would. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { openRun } from "../../lib/run/run_folder.ts";
import { main, parseDashboardFlags } from "../../tasks/dashboard.ts";
import { root, runJob, withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

/** A command under way whose output is read as it comes. */
class WatchedJob {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  text = "";

  constructor(name: string, args: readonly string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", name, ...args],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The dashboard's address, once it is printed. */
  async url(): Promise<string> {
    while (!/^dashboard: .*\n/m.test(this.text)) {
      const { value, done } = await this.#output.read();
      assert(!done, this.text);
      this.text += value;
    }
    return this.text.match(/^dashboard: (.*)$/m)![1];
  }

  interrupt(): void {
    Deno.kill(this.#child.pid, "SIGINT");
  }

  /** Its exit code. */
  async end(): Promise<number> {
    for (;;) {
      const { value, done } = await this.#output.read();
      if (done) break;
      this.text += value;
    }
    return (await this.#child.status).code;
  }
}

/** Everything that a page is sent until its stream ends; once it holds a part, something is done. */
async function watch(url: string, part = "stages", act: () => void = () => {}): Promise<string> {
  const { origin, search } = new URL(url);
  const response = await fetch(`${origin}/events${search}`);
  assertEquals(response.status, 200);
  let text = "";
  let isSeen = false;
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!isSeen && text.includes(`"id":"${part}"`)) act();
    isSeen ||= text.includes(`"id":"${part}"`);
  }
  return text;
}

const tiny = ["--config", "shapes-tiny", "--threads", "1"];

Deno.test("a search with --dashboard is seen from its first step to its report, and ends as without", () =>
  withFolder(async (folder) => {
    const job = new WatchedJob("search", [...tiny, "--dashboard", "--run", `${folder}/run`]);
    const url = await job.url();
    assertMatch(url, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/);
    const seen = await watch(url);
    assertEquals(await job.end(), 0, job.text);
    for (const id of ["stages", "training-pretrain", "training-retrain", "candidates", "architecture"]) {
      assertStringIncludes(seen, `"id":"${id}"`);
    }
    assertStringIncludes(seen, "Memory of the worker");
    assertMatch(seen, /event: end\ndata: \{\}\n\n$/);
    assert(!seen.includes("event: problem"), seen.match(/event: problem\n.*/)?.[0]);
    const last = seen.slice(seen.lastIndexOf('"id":"stages"'));
    assertEquals(last.match(/class=\\"finished\\"/g)?.length, 6, "the last look is at the finished run");
  }));

Deno.test({
  name: "SIGINT ends a command with an open page as soon and with the same code as one without",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const long = [...tiny, "--set", "pretrain.duration.steps=100000"];
      const job = new WatchedJob("pretrain", [...long, "--dashboard", "--run", `${folder}/run`]);
      const start = performance.now();
      const seen = await watch(await job.url(), "training-pretrain", () => job.interrupt());
      assertEquals(await job.end(), 130, job.text);
      assertStringIncludes(job.text, "stopped by SIGINT; go on with: deno task pretrain");
      assertMatch(seen, /event: end\ndata: \{\}\n\n$/);
      assert(performance.now() - start < 60_000);
    }),
});

Deno.test("a port that is taken is told before anything is made", () =>
  withFolder(async (folder) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = String(taken.addr.port);
    const flags = [...tiny, "--dashboard-port", port, "--run", `${folder}/run`];
    const { code, stderr } = await runJob("search", flags);
    assertEquals([code, stderr], [
      1,
      `error: Cannot serve the dashboard on port ${port} as it is taken: name another with --dashboard-port, or none ` +
      "for any free one\n",
    ]);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test({
  name: "deno task dashboard serves a run's folder until Ctrl-C, which is no failure",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      await (await openRun(`${folder}/run`, tinyConfig))[Symbol.asyncDispose]();
      const job = new WatchedJob("dashboard", ["--run", `${folder}/run`]);
      const seen = await watch(await job.url(), "stages", () => job.interrupt());
      assertEquals(await job.end(), 0, job.text);
      assertStringIncludes(seen, "waiting");
      assertMatch(seen, /event: end\ndata: \{\}\n\n$/);
    }),
});

Deno.test("deno task dashboard names what it can't show", async () => {
  const { signal } = new AbortController();
  await assertRejects(
    () => main(["--run", "none"], signal),
    RangeError,
    "Cannot show none as there is no run: it has no config.json",
  );
  assertThrows(() => parseDashboardFlags([]), TypeError, "wanted --run DIR");
  assertThrows(() => parseDashboardFlags(["--run"]), TypeError, "Cannot understand --run without a value");
  assertThrows(() => parseDashboardFlags(["--rum", "x"]), TypeError, "did you mean --run?");
  assertThrows(() => parseDashboardFlags(["runs/x"]), TypeError, "takes flags only");
  assertThrows(
    () => parseDashboardFlags(["--run", "x", "--dashboard-port", "x"]),
    RangeError,
    "wanted a whole",
  );
  assertEquals(parseDashboardFlags(["--run", "x", "--dashboard-port=80"]), {
    help: false,
    runDir: "x",
    port: 80,
  });
  assertEquals(parseDashboardFlags(["-h"]).help, true);
});
