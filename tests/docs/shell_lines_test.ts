import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { publishedArchitectures } from "../../mod.ts";
import { parsePeerOptions } from "../../bench/peers/options.ts";
import { resolveConfig } from "../../tasks/cli.ts";
import { type Command, commands } from "../../tasks/commands.ts";
import { configs } from "../../tasks/configs/mod.ts";
import { parseDashboardFlags } from "../../tasks/dashboard.ts";
import { withConfig } from "../../tasks/doctor.ts";
import { parseFileFlags } from "../../tasks/evaluate_files_flags.ts";
import { parseExport } from "../../tasks/export.ts";
import { rankOptions } from "../../tasks/rank.ts";
import { parseComparison } from "../../tasks/report.ts";
import { parseExportCheck } from "../../bench/exports/options.ts";
import { faultKinds } from "../faults/campaign.ts";
import { documents, root } from "./documentation.ts";
import { type TaskLine, taskLines } from "./shell_lines.ts";

const texts = new Map(documents());

for (const [file, text] of texts) {
  const lines = taskLines(text);
  if (lines.length === 0) continue;
  Deno.test(`every command in ${file} is understood as it stands there`, async () => {
    for (const line of lines) await understand(line);
  });
}

Deno.test("every task, config and file that the documentation names is there", () => {
  const missing: string[] = [];
  for (const [file, text] of texts) {
    for (const [, task] of text.matchAll(/\bdeno task ([a-z][a-z:]*)/g)) {
      if (!(task in config.tasks)) missing.push(`${file}: task ${task}`);
    }
    for (const [, name] of text.matchAll(/--config ([a-z][\w.-]*[\w])/g)) {
      if (!configs.has(name)) missing.push(`${file}: config ${name}`);
    }
    for (const [, name] of text.matchAll(/`((?:coco|voc|photos|shapes|shufflenetv2|resnet)-[\w.-]+)`/g)) {
      if (!configs.has(name) && !(name in publishedArchitectures)) missing.push(`${file}: ${name}`);
    }
    for (const [, path] of text.matchAll(/`((?:lib|tasks|tests|bench|examples)\/[\w./-]+)`/g)) {
      if (!exists(path)) missing.push(`${file}: ${path}`);
    }
    for (const [, path] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      if (!exists(join(file, "..", path))) missing.push(`${file}: link to ${path}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("a link to a section of a document finds its title", () => {
  const missing: string[] = [];
  for (const [file, text] of texts) {
    for (const [, path, anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
      const target = path === "" ? text : texts.get(join(file, "..", path)) ?? "";
      if (!anchorsOf(target).includes(anchor)) missing.push(`${file}: ${path}#${anchor}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("README has every command that works on a run, docs/commands.md every task", () => {
  const tasks = Object.keys(config.tasks);
  const [inReadme, inCommands] = [texts.get("README.md") ?? "", texts.get("docs/commands.md") ?? ""];
  for (const name of Object.keys(commands)) assert(inReadme.includes(`\`deno task ${name}\``), name);
  for (const name of tasks) assert(inCommands.includes(`\`deno task ${name}\``), name);
});

Deno.test("commands are read from blocks of shell over several lines, with quotes, comments and optional flags", () => {
  const text =
    "```sh\nTF_CONFIG='{}' \\\n  deno task a --set 'x=[\"y\"]' \\\n  --z # why\nls\ndeno task b [--json] R …\n```\n" +
    "```ts\ndeno task c\n```\n";
  assertEquals(taskLines(text), [
    { task: "a", args: ["--set", 'x=["y"]', "--z"] },
    { task: "b", args: ["--json", "R"] },
  ]);
});

Deno.test("a command with a flag or a config that is not there is not understood", async () => {
  for (const args of [["--confg", "shapes"], ["--config", "shapess"], ["--set", "search.popluation=1"]]) {
    await assertRejects(() => understand({ task: "search", args }));
  }
  await assertRejects(() => understand({ task: "serch", args: [] }));
  await assertRejects(() => understand({ task: "test:faults", args: ["--fault", "2"] }));
});

/** Reads a command by the parser that reads it when it is typed. */
async function understand({ task, args: typed }: TaskLine): Promise<void> {
  assert(task in config.tasks, `task ${task}`);
  const args = [...typed];
  if (task === "export") parseExport(args);
  else if (task === "dashboard") parseDashboardFlags(args);
  else if (task === "evaluate" && args.includes("--annotations")) parseFileFlags(args);
  else if (task === "report" && args.includes("--compare")) parseComparison(args);
  else if (task === "bench:peers") parsePeerOptions(args);
  else if (task === "bench:exports") parseExportCheck(args);
  else if (task === "test:faults") checkFaultFlags(args);
  else if (task in commands) await resolved(task as Command, args);
  else assertEquals(args, [], `${task} takes no flags`);
}

async function resolved(command: Command, args: string[]): Promise<void> {
  const invocation = await resolveConfig(command, command === "doctor" ? withConfig(args) : args);
  assert(invocation.help === null);
  if (command === "rank") rankOptions(invocation.flags, "average");
}

/** Its flags are read where it runs. */
function checkFaultFlags(args: readonly string[]): void {
  assertEquals(args.length % 2, 0);
  for (let i = 0; i < args.length; i += 2) {
    const [flag, value] = args.slice(i, i + 2);
    if (flag === "--only") assert(faultKinds.some(({ name }) => name === value), value);
    else assertGreater(["--faults", "--seed"].includes(flag) ? Number(value) : 0, 0, flag);
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(join(root, path)) !== undefined;
  } catch {
    return false;
  }
}

/** As GitHub makes them of titles. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)]
    .map(([, title]) => title.toLowerCase().replaceAll(/[^\w\s-]/g, "").replaceAll(" ", "-"));
}
