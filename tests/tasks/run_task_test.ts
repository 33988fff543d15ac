import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandLine, exitCodeOf } from "../../tasks/run_task.ts";
import { Stopped } from "../../tasks/stopping.ts";

async function outcome(
  showStack: boolean,
  main: (args: string[]) => Promise<void>,
): Promise<[number, string[]]> {
  const printed: string[] = [];
  return [await exitCodeOf(main, ["--seed", "1"], showStack, (text) => printed.push(text)), printed];
}

Deno.test("exitCodeOf() is 0 and prints nothing if the command ends well; the command gets the arguments", async () => {
  let got: string[] = [];
  const main = (args: string[]): Promise<void> => {
    got = args;
    return Promise.resolve();
  };
  assertEquals(await outcome(false, main), [0, []]);
  assertEquals(got, ["--seed", "1"]);
});

Deno.test("exitCodeOf() is 1 and prints the message alone if the command throws", async () => {
  const main = (): Promise<void> =>
    Promise.reject(new RangeError("Cannot read a.json: seed is -1", { cause: "x" }));
  assertEquals(await outcome(false, main), [1, ["Cannot read a.json: seed is -1"]]);
  assertEquals(await outcome(false, () => Promise.reject("text")), [1, ["text"]]);
});

Deno.test("exitCodeOf() prints stack and causes when asked to", async () => {
  const main = (): Promise<void> => Promise.reject(new Error("outer", { cause: new Error("inner") }));
  const [code, [text]] = await outcome(true, main);
  assertEquals(code, 1);
  assertStringIncludes(text, "run_task_test.ts");
  assertStringIncludes(text, "inner");
});

Deno.test("exitCodeOf() of a command that was stopped is the signal's, and nothing is an error", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    assertEquals(await outcome(false, () => Promise.reject(new Stopped(signal))), [code, []]);
  }
});

Deno.test("commandLine() is what was typed, as a shell reads it", () => {
  assertEquals(commandLine("search", []), "deno task search");
  assertEquals(
    commandLine("finetune", ["--run", "runs/my run", "--set", "search.budget.macs=3e8", "--data=it's"]),
    "deno task finetune --run 'runs/my run' --set search.budget.macs=3e8 '--data=it'\\''s'",
  );
});
