import { assertEquals } from "@std/assert";
import { bytesText, durationText, ProgressLine, type ProgressOutput } from "../../tasks/progress.ts";

/** An output that keeps what is written, with a clock that is set by hand. */
function recorder(isTerminal: boolean, columns = 80): ProgressOutput & { text: string; now: number } {
  return {
    isTerminal,
    columns,
    text: "",
    now: 0,
    write(text: string): void {
      this.text += text;
    },
    nowMs(): number {
      return this.now;
    },
  };
}

Deno.test("ProgressLine prints plain lines at most every ten seconds, and the last one, where there is no terminal", () => {
  const output = recorder(false);
  {
    using line = new ProgressLine("finetune", "steps", output);
    for (let step = 1; step <= 25; step++) {
      output.now = step * 1000;
      line.update({ done: step, total: 25, loss: 1 / step, memoryBytes: 1.25e9 });
    }
  }
  assertEquals(output.text.split("\n"), [
    "finetune 1/25 steps · loss 1.000 · 1.3 GB",
    "finetune 11/25 steps · 1.00 steps/s · loss 0.09091 · 14 s left · 1.3 GB",
    "finetune 21/25 steps · 1.00 steps/s · loss 0.04762 · 4 s left · 1.3 GB",
    "finetune 25/25 steps · 1.00 steps/s · loss 0.04000 · 1.3 GB",
    "",
  ]);
});

Deno.test("ProgressLine takes the rate of this process's steps only", () => {
  const output = recorder(false);
  const line = new ProgressLine("search", "candidates", output);
  line.update({ done: 500, total: 1000 });
  output.now = 10_000;
  line.update({ done: 520, total: 1000, note: "best AP 0.412" });
  assertEquals(
    output.text.split("\n")[1],
    "search 520/1000 candidates · 2.00 candidates/s · best AP 0.412 · 4 min 0 s left",
  );
});

Deno.test("ProgressLine rewrites one line on a terminal, within its width, and ends it once", () => {
  const output = recorder(true, 20);
  {
    using line = new ProgressLine("pretrain", "steps", output);
    line.update({ done: 1, total: 100 });
    output.now = 50;
    line.update({ done: 2, total: 100 });
    output.now = 150;
    line.update({ done: 3, total: 100 });
  }
  assertEquals(output.text, "\rpretrain 1/100 step\x1b[K\rpretrain 3/100 step\x1b[K\n");
});

Deno.test("ProgressLine.say() clears the line on a terminal and leaves its own text", () => {
  const output = recorder(true);
  using line = new ProgressLine("pretrain", "steps", output);
  line.update({ done: 1, total: 2 });
  line.say("wrote step-1");
  line.say("and more");
  assertEquals(output.text, "\rpretrain 1/2 steps\x1b[K\r\x1b[Kwrote step-1\nand more\n");
});

Deno.test("durationText() and bytesText() keep to the largest units", () => {
  const durations = [0, 59_499, 60_000, 3_599_000, 3_660_000, -5].map(durationText);
  assertEquals(durations, ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 1 min", "0 s"]);
  assertEquals([512e6, 999e6, 3.99e9].map(bytesText), ["512 MB", "999 MB", "4.0 GB"]);
});
