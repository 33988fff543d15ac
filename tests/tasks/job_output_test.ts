import { assertEquals } from "@std/assert";
import { JobObserver } from "../../tasks/job_observer.ts";
import { type JobEvent, type JobOutput, QuietOutput } from "../../tasks/job_output.ts";
import { JsonOutput } from "../../tasks/json_output.ts";
import { nextCommandOf } from "../../tasks/next_command.ts";
import { TextOutput } from "../../tasks/text_output.ts";
import { openRun } from "../../lib/run/run_folder.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { recorder } from "./_recorder.ts";

const events: readonly JobEvent[] = [
  {
    event: "opened",
    run: "runs/a",
    tensorflow: "2.21.0",
    device: "CPU:0",
    threads: 2,
    workers: 2,
    machines: 1,
    kernels: "tensorflow",
  },
  { event: "note", text: "goes on at step 3" },
  { event: "started", stage: "finetune" },
  { event: "progress", label: "finetune", unit: "steps", done: 4, total: 8, loss: 0.5, memoryBytes: 2e9 },
  { event: "finished", stage: "finetune", seconds: 61, then: "search" },
  { event: "wrote", paths: ["runs/a/finetune/step-8"] },
  { event: "result", lines: ["fine-tuned", "for 8 steps"], values: { steps: 8 } },
  { event: "next", commands: ["open page", "deno task search --run runs/a"] },
  { event: "stopped", signal: "SIGINT", command: "deno task search" },
  { event: "error", message: "Cannot go on" },
];

function textOf(make: (output: TextOutput) => JobOutput): [string, string[]] {
  const [output, errors]: [ReturnType<typeof recorder>, string[]] = [recorder(false), []];
  using told = make(new TextOutput(output, (line) => errors.push(line)));
  for (const event of events) told.tell(event);
  return [output.text, errors];
}

Deno.test("TextOutput shows every event in words, errors apart", () => {
  const [text, errors] = textOf((output) => output);
  assertEquals(text.split("\n"), [
    "TensorFlow 2.21.0 on CPU:0, 2 threads, 2 workers, blocks by tensorflow; run runs/a",
    "goes on at step 3",
    "finetune 4/8 steps · loss 0.5000 · 2.0 GB",
    "finetune: finished after 1 min 1 s; search comes next",
    "wrote runs/a/finetune/step-8",
    "fine-tuned",
    "for 8 steps",
    "next: open page; deno task search --run runs/a",
    "stopped by SIGINT; go on with: deno task search",
    "",
  ]);
  assertEquals(errors, ["error: Cannot go on"]);
});

Deno.test("QuietOutput leaves results, stops and errors", () => {
  const [text, errors] = textOf((output) => new QuietOutput(output));
  assertEquals(text, "fine-tuned\nfor 8 steps\nstopped by SIGINT; go on with: deno task search\n");
  assertEquals(errors, ["error: Cannot go on"]);
});

Deno.test("TextOutput ends a terminal's line of progress before what follows it", () => {
  const output = recorder(true);
  const errors: string[] = [];
  using told = new TextOutput(output, (line) => errors.push(line));
  told.tell({ event: "progress", label: "a", unit: "steps", done: 1, total: 2 });
  told.tell({ event: "note", text: "a note" });
  told.tell({ event: "progress", label: "a", unit: "steps", done: 2, total: 2 });
  told.tell({ event: "progress", label: "b", unit: "steps", done: 1, total: 2 });
  told.tell({ event: "error", message: "no" });
  assertEquals(output.text, "a 1/2 steps\r\x1b[Ka note\na 2/2 steps\nb 1/2 steps\n");
});

Deno.test("JsonOutput writes every event as one line of JSON, errors apart", () => {
  const [out, errors]: [string[], string[]] = [[], []];
  using told = new JsonOutput({
    out: (line) => out.push(line),
    error: (line) => errors.push(line),
    nowMs: () => 0,
  });
  for (const event of events) told.tell(event);
  const wanted = events.slice(0, -1).map((event) => {
    if (event.event === "result") return { event: "result", values: { steps: 8 } };
    return event.event === "progress" ? { ...event, ratePerSecond: null, secondsLeft: null } : event;
  });
  assertEquals(out.map((line) => JSON.parse(line)), wanted);
  assertEquals(errors.map((line) => JSON.parse(line)), [{ event: "error", message: "Cannot go on" }]);
});

Deno.test("JsonOutput tells progress once a second, and the end", () => {
  const out: string[] = [];
  let now = 0;
  using told = new JsonOutput({ out: (line) => out.push(line), error: () => {}, nowMs: () => now });
  for (let done = 1; done <= 25; done++) {
    now = done * 100;
    told.tell({ event: "progress", label: "a", unit: "steps", done, total: 25 });
  }
  const told10 = { event: "progress", label: "a", unit: "steps", total: 25, ratePerSecond: 10 };
  assertEquals(out.map((line) => JSON.parse(line)), [
    { ...told10, done: 1, ratePerSecond: null, secondsLeft: null },
    { ...told10, done: 11, secondsLeft: 1.4 },
    { ...told10, done: 21, secondsLeft: 0.4 },
    { ...told10, done: 25, secondsLeft: 0 },
  ]);
});

Deno.test("JobObserver adds a stage's seconds, its result's path and what follows it", () =>
  withFolder(async (folder) => {
    await using run = await openRun(`${folder}/run`, tinyConfig);
    const told: JobEvent[] = [];
    let now = 1000;
    const output = { tell: (event: JobEvent) => void told.push(event), [Symbol.dispose]: () => {} };
    const observer = new JobObserver(run, output, ["finetune", "search"], () => now);
    observer.started("finetune");
    now += 1500;
    observer.finished("finetune", { steps: 12 });
    observer.started("search");
    observer.finished("search", {});
    assertEquals(told, [
      { event: "started", stage: "finetune" },
      { event: "finished", stage: "finetune", seconds: 1.5, then: "search" },
      { event: "wrote", paths: [`${folder}/run/finetune/step-12`] },
      { event: "started", stage: "search" },
      { event: "finished", stage: "search", seconds: 0, then: null },
      { event: "wrote", paths: [`${folder}/run/winners.json`] },
    ]);
  }));

Deno.test("nextCommandOf() names the run and keeps the flags that the run does not hold", () => {
  const typed = [
    "--config",
    "photos",
    "--data",
    "d",
    "--workers",
    "2",
    "--threads=1",
    "--set",
    "seed=2",
    "--quiet",
  ];
  const next = nextCommandOf("runs/my run", typed);
  assertEquals(next("finetune"), "deno task finetune --run 'runs/my run' --workers 2 --threads=1 --quiet");
});
