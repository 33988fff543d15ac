/**
 * `deno task test:conformance`: tfjs-core's own test suite on the backend `tensorflow`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { registerTensorFlow } from "../lib/engine/mod.ts";
import { bundleTests } from "../tests/conformance/bundle.ts";
import { type Outcome, runSpecs } from "../tests/conformance/run_specs.ts";
import { skipReason } from "../tests/conformance/skip_list.ts";
import { progressLine } from "./engine.ts";

const HELP = `Usage: deno task test:conformance [--grep REGEX] [--all]

Runs tfjs-core's own test suite on libtensorflow.

  --grep REGEX  only the specs whose full name matches
  --all         also those that are skipped for a reason (tests/conformance/skip_list.ts)`;

/** Runs the task; returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const flags = parseArgs(args, { boolean: ["help", "all"], string: ["grep"] });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }

  // The engine
  const line = progressLine();
  const engine = await registerTensorFlow({ onProgress: line.show });
  line.end();
  console.log(`tfjs-core 4.22 on libtensorflow ${engine.version}, ${engine.deviceName}`);

  // The suite
  const grep = new RegExp(typeof flags.grep === "string" ? flags.grep : "");
  const isWanted = (name: string): boolean =>
    grep.test(name) && (flags.all === true || skipReason(name) === null);
  return report(await runSpecs(await bundleTests(), isWanted));
}

function report(outcome: Outcome): number {
  for (const { name, message } of outcome.failures) console.log(`FAILED ${name}\n  ${message.slice(0, 400)}`);
  console.log(`${outcome.passed} passed, ${outcome.failures.length} failed, ${outcome.skipped} skipped`);
  return outcome.failures.length === 0 && outcome.passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
