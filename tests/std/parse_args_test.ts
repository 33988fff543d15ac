import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli";

Deno.test("parseArgs() reads a text flag from the next argument or after an equals sign", () => {
  const options = { string: ["run", "seed"] };
  assertEquals(parseArgs(["--run", "a", "--seed=07"], options), {
    _: [],
    run: "a",
    seed: "07",
  });
  assertEquals(parseArgs(["--run=a=b"], options), { _: [], run: "a=b" });
});

Deno.test("parseArgs() gives a text flag without a value the empty text", () => {
  assertEquals(
    parseArgs(["--run", "--seed", "1"], { string: ["run", "seed"] }),
    { _: [], run: "", seed: "1" },
  );
  assertEquals(parseArgs(["--seed", "-5"], { string: "seed" }).seed, "");
});

Deno.test("parseArgs() keeps boolean flags apart from the positionals after them", () => {
  assertEquals(parseArgs(["--help", "x"], { boolean: ["help", "quiet"] }), {
    _: ["x"],
    help: true,
    quiet: false,
  });
  assertEquals(
    parseArgs(["--help=false", "--quiet", "true"], {
      boolean: ["help", "quiet"],
    }),
    {
      _: [],
      help: false,
      quiet: true,
    },
  );
});

Deno.test("parseArgs() turns numbers of undeclared flags and positionals into numbers", () => {
  assertEquals(parseArgs(["--n", "3", "4"]).n, 3);
  assertEquals(parseArgs(["7", "0x10", "x7"])._, [7, 16, "x7"]);
  assertEquals(parseArgs(["7"], { string: "_" })._, ["7"]);
});

Deno.test("parseArgs() collects repeated flags, and starts them empty", () => {
  const options = { string: ["set"], collect: ["set"] };
  assertEquals(parseArgs(["--set", "a=1", "--set=b=2"], options).set, [
    "a=1",
    "b=2",
  ]);
  assertEquals(parseArgs([], options).set, []);
});

Deno.test("parseArgs() keeps the last of a repeated flag that isn't collected", () => {
  assertEquals(
    parseArgs(["--run", "a", "--run", "b"], { string: "run" }).run,
    "b",
  );
});

Deno.test("parseArgs() sets every name of an aliased flag", () => {
  const parsed = parseArgs(["-h"], { boolean: ["help"], alias: { help: "h" } });
  assertEquals([parsed.help, parsed.h], [true, true]);
});

Deno.test("parseArgs() negates only negatable flags", () => {
  const options = {
    boolean: ["flip"],
    negatable: ["flip"],
    default: { flip: true },
  };
  assertEquals(parseArgs(["--no-flip"], options).flip, false);
  assertEquals(parseArgs([], options).flip, true);
  assertEquals(parseArgs(["--no-other"], options)["no-other"], true);
});

Deno.test("parseArgs() asks unknown() about undeclared flags and positionals, and leaves them out on false", () => {
  const asked: unknown[][] = [];
  const unknown = (...call: unknown[]): boolean => {
    asked.push(call);
    return false;
  };
  assertEquals(
    parseArgs(["--runn", "a", "x", "--run", "b"], { string: ["run"], unknown }),
    { _: [], run: "b" },
  );
  assertEquals(asked, [["--runn", "runn", "a"], ["x"]]);
});

Deno.test("parseArgs() doesn't parse what follows two dashes", () => {
  assertEquals(parseArgs(["--a", "--", "--b"], { boolean: ["a"] }), {
    _: ["--b"],
    a: true,
  });
  assertEquals(parseArgs(["--", "--b"], { "--": true }), {
    _: [],
    "--": ["--b"],
  });
});
