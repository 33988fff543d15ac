/**
 * `deno task test:faults`: does hundreds of faults to real jobs, drawn from a seed, and prints what came of them.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { Campaign, faultKinds, type FaultReport, reliabilityTable } from "../tests/faults/campaign.ts";

// Flags
const flags = parseArgs(Deno.args, {
  string: ["faults", "seed", "only"],
  default: { faults: "200", seed: "1" },
  unknown: (arg: string): never => fail(`Cannot understand ${arg}: wanted --faults N, --seed N, --only KIND`),
});
const kinds = faultKinds.filter(({ name }) => flags.only === undefined || name === flags.only);
if (kinds.length === 0) {
  fail(`Cannot find fault ${flags.only}: there are ${faultKinds.map(({ name }) => name).join(", ")}`);
}
const [count, firstSeed] = [Number(flags.faults), Number(flags.seed)];

// Faults, the kinds in turn
await using campaign = await Campaign.open();
const reports: FaultReport[] = [];
for (let i = 0; i < count; i++) {
  const kind = kinds[i % kinds.length];
  const report = await campaign.run(kind, firstSeed + Math.floor(i / kinds.length));
  reports.push(report);
  const { outcome, failure, seed } = report;
  console.log(`${i + 1}/${count} ${kind.name}: ${failure === "" ? outcome?.done : `FAILED: ${failure}`}`);
  if (failure !== "") {
    console.log(`  again: deno task test:faults --only ${kind.name} --faults 1 --seed ${seed}`);
  }
}

// The table
console.log(`\n${reliabilityTable(reports)}`);
Deno.exitCode = reports.every(({ failure, orphans }) => failure === "" && orphans === 0) ? 0 : 1;

function fail(message: string): never {
  console.error(`error: ${message}`);
  Deno.exit(1);
}
