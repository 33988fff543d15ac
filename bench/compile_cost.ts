/**
 * What compiling costs, in a process of its own: `deno run -A bench/compile_cost.ts BATCH SIZE [STEPS]` prints a JSON
 * line for the first steps, from the model ready on: the time to the step's end, and how much of it went into how many
 * new functions. With STEPS it goes on, and prints memory and live tensors after a tenth, a half and all of them.
 *
 * @module
 */
import type { Compiler } from "../lib/nn/compiled.ts";
import { randomBatch } from "./random_batch.ts";
import { smallClassifier } from "./small_classifier.ts";

const [images, sizePx, steps] = [...Deno.args, ...Array(3 - Deno.args.length).fill("10")].map(Number);
const classes = sizePx < 64 ? 10 : 1000;
const compiling = { functions: 0, ms: 0 };
using classifier = await smallClassifier(classes, watched);
const { engine, model, state, path } = classifier;
const batch = randomBatch(images, sizePx, classes);

const firstSteps = 10;
for (let step = 0; step < steps; step++) {
  const before = { ...compiling };
  const start = performance.now();
  model.trainStep(state, batch, path(step), step, 0.001);
  const stepMs = Math.round(performance.now() - start);
  if (step < firstSteps) {
    const functions = compiling.functions - before.functions;
    const compileMs = Math.round(compiling.ms - before.ms);
    console.log(JSON.stringify({ step: step + 1, stepMs, compileMs, functions }));
  }
  if ([steps / 10, steps / 2, steps].includes(step + 1)) report(step + 1);
}

function report(step: number): void {
  const rssMiB = Math.round(Deno.memoryUsage().rss / 2 ** 20);
  const heapMiB = Math.round(Deno.memoryUsage().heapUsed / 2 ** 20);
  const liveTensors = engine.liveTensors();
  console.log(JSON.stringify({ step, rssMiB, heapMiB, liveTensors, functions: compiling.functions }));
}

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
