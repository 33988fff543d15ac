import { assertEquals } from "@std/assert";
import { bytesText, durationText, ProgressLine } from "../../tasks/progress.ts";
import { textWidth, textWithin } from "../../tasks/text_width.ts";
import { recorder } from "./_recorder.ts";

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

Deno.test("ProgressLine prints more and more rarely in long work without a terminal, but every five minutes", () => {
  const output = recorder(false);
  using line = new ProgressLine("pretrain", "steps", output);
  const hours = 4;
  for (let s = 0; s < hours * 3600; s++) {
    output.now = s * 1000;
    line.update({ done: s + 1, total: 1e6 });
  }
  const steps = output.text.trimEnd().split("\n").map((text) => Number(/^pretrain (\d+)/.exec(text)?.[1]));
  const gaps = steps.slice(1).map((step, i) => step - steps[i]);
  assertEquals([gaps[0], gaps.at(-1)], [10, 300]);
  assertEquals(gaps, gaps.toSorted((a, b) => a - b));
});

Deno.test("ProgressLine rewrites one line on a terminal, and ends it once", () => {
  const output = recorder(true);
  {
    using line = new ProgressLine("pretrain", "steps", output);
    for (const [now, done] of [[0, 1], [50, 2], [200, 3]]) {
      output.now = now;
      line.update({ done, total: 100 });
    }
  }
  assertEquals(
    output.text,
    "pretrain 1/100 steps\r\x1b[Kpretrain 3/100 steps · 10.0 steps/s · 10 s left\n",
  );
});

/** What stands on a terminal of a width after two updates. */
function shownIn(columns: number): string {
  const output = recorder(true, columns);
  const line = new ProgressLine("search", "candidates", output);
  const update = { total: 72, loss: 1.5, memoryBytes: 1.1e9, note: "best AP 0.059" };
  line.update({ ...update, done: 1 });
  output.now = 10_000;
  line.update({ ...update, done: 31 });
  return output.text.split("\x1b[K")[1];
}

Deno.test("ProgressLine leaves out what is needed least on narrow terminals, and never wraps", () => {
  const whole =
    "search 31/72 candidates · 3.00 candidates/s · loss 1.500 · best AP 0.059 · 14 s left · 1.1 GB";
  assertEquals(shownIn(whole.length + 1), whole);
  assertEquals(shownIn(whole.length), whole.replace(" · 1.1 GB", ""));
  assertEquals(shownIn(70), "search 31/72 candidates · 3.00 candidates/s · loss 1.500 · 14 s left");
  assertEquals(shownIn(50), "search 31/72 candidates · loss 1.500 · 14 s left");
  assertEquals(shownIn(40), "search 31/72 candidates · 14 s left");
  assertEquals(shownIn(30), "search 31/72 candidates");
  assertEquals(shownIn(10), "search 31");
});

Deno.test("ProgressLine takes away all rows of a line that a narrower terminal has wrapped", () => {
  const output = recorder(true, 80);
  const line = new ProgressLine("pretrain", "steps", output);
  line.update({ done: 1, total: 2, note: "n".repeat(40) }); // 61 characters: three rows of 25
  [output.columns, output.now, output.text] = [25, 1000, ""];
  line.update({ done: 1, total: 2 });
  assertEquals(output.text, "\r\x1b[2A\x1b[Jpretrain 1/2 steps");
});

Deno.test("ProgressLine counts columns, of which wide characters take two and accents none", () => {
  const output = recorder(true, 40);
  const line = new ProgressLine("細胞の検出 cafe\u0301", "steps", output);
  line.update({ done: 1, total: 2, note: "写真" }); // 15 + 10 columns, and 7 more with the note
  assertEquals(output.text, "細胞の検出 cafe\u0301 1/2 steps · 写真");
  [output.columns, output.now, output.text] = [20, 1000, ""];
  line.update({ done: 1, total: 2 }); // 32 columns lie in two rows of 20
  assertEquals(output.text, "\r\x1b[1A\x1b[J細胞の検出 cafe\u0301 1/2");
});

Deno.test("textWithin() never cuts a wide character or an emoji in two", () => {
  assertEquals([0, 1, 2, 3, 4, 5].map((columns) => textWithin("a細👩‍🔬b", columns)), [
    ...["", "a", "a", "a細", "a細", "a細👩‍🔬"],
  ]);
  assertEquals([textWidth("a細👩‍🔬b"), textWidth(""), textWidth("e\u0301")], [6, 0, 1]);
});

Deno.test("ProgressLine emphasises what is counted only where there may be colours", () => {
  const output = recorder(true);
  output.hasColours = true;
  new ProgressLine("pretrain", "steps", output).update({ done: 1, total: 2, loss: 1 });
  assertEquals(output.text, "\x1b[1mpretrain 1/2 steps\x1b[22m · loss 1.000");
});

Deno.test("ProgressLine.say() clears the line on a terminal and leaves its own text", () => {
  const output = recorder(true);
  using line = new ProgressLine("pretrain", "steps", output);
  line.update({ done: 1, total: 2 });
  line.say("wrote step-1");
  line.say("and more");
  assertEquals(output.text, "pretrain 1/2 steps\r\x1b[Kwrote step-1\nand more\n");
});

Deno.test("durationText() and bytesText() keep to the largest units", () => {
  const durations = [0, 59_499, 60_000, 3_599_000, 3_660_000, -5].map(durationText);
  assertEquals(durations, ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 1 min", "0 s"]);
  assertEquals([512e6, 999e6, 3.99e9].map(bytesText), ["512 MB", "999 MB", "4.0 GB"]);
});
