/**
 * What compiling costs, in a process of its own: `deno run -A bench/compile_cost.ts BATCH SIZE` prints a JSON line for
 * each of the first ten steps of the small space's supernet, from the model ready on: the time to the step's end, the
 * processors' time and the system's part in it, and how much of the former went into how many new functions; then
 * the peak of memory.
 *
 * @module
 */
import process from "node:process";
import type { Compiler } from "../lib/nn/compiled.ts";
import { searchSpaces } from "../lib/space/search_space.ts";
import { randomBatch } from "./random_batch.ts";
import { smallClassifier } from "./small_classifier.ts";

const [images, sizePx] = Deno.args.map(Number);
if (!(images > 0 && sizePx > 0)) {
  console.error("usage: compile_cost.ts BATCH SIZE");
  Deno.exit(1);
}
const steps = 10;
const classes = 1000;
const compiling = { functions: 0, ms: 0 };
using classifier = await smallClassifier(classes, searchSpaces.small, watched);
const { model, state, path } = classifier;
const batch = randomBatch(images, sizePx, classes);

for (let step = 0; step < steps; step++) {
  const before = { ...compiling };
  const start = performance.now();
  const startCpu = process.cpuUsage();
  model.trainStep(state, batch, path(step), step, 0.001);
  const stepMs = Math.round(performance.now() - start);
  const { user, system } = process.cpuUsage(startCpu);
  const [cpuMs, systemMs] = [user + system, system].map((us) => Math.round(us / 1000));
  const functions = compiling.functions - before.functions;
  const compileMs = Math.round(compiling.ms - before.ms);
  console.log(JSON.stringify({ step: step + 1, stepMs, cpuMs, systemMs, compileMs, functions }));
}
const peakRssMiB = Math.round(process.resourceUsage().maxRSS / 1024); // kilobytes on Linux and macOS
console.log(JSON.stringify({ peakRssMiB }));

function watched(compiler: Compiler): Compiler {
  return {
    differentiable: (spec, f) => timed(() => compiler.differentiable(spec, f)),
    plain: (spec, f) => timed(() => compiler.plain(spec, f)),
  };
}

function timed<T>(compile: () => T): T {
  const start = performance.now();
  const compiled = compile();
  compiling.ms += performance.now() - start;
  compiling.functions++;
  return compiled;
}
