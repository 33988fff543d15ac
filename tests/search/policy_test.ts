import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { logGradient, samplePath, softmax, uniformPolicy, updatePolicy } from "../../lib/search/policy.ts";
import { scriptedStream, tinySpace } from "./_search_fixture.ts";

const zeros = uniformPolicy(tinySpace);

Deno.test("uniformPolicy() gives every choice of every block the same probability", () => {
  assertEquals(zeros.logits.map(softmax), Array(6).fill([0.25, 0.25, 0.25, 0.25]));
});

Deno.test("softmax() does not overflow and does not mind a constant", () => {
  assertEquals(softmax([1000, 1000, -1e9]), [0.5, 0.5, 0]);
  const shifted = softmax([101, 102, 103]);
  softmax([1, 2, 3]).forEach((it, i) => assertAlmostEquals(it, shifted[i], 1e-12));
});

Deno.test("samplePath() takes the choice that the draw falls into", () => {
  const draws = [0, 0.2499, 0.25, 0.5, 0.75, 0.9999].map((it): ["uniform", number] => ["uniform", it]);
  assertEquals(samplePath(zeros.logits.map(softmax), scriptedStream(draws)), [0, 0, 1, 2, 3, 3]);
});

Deno.test("samplePath() draws as often as the probabilities say, within 5 standard deviations", () => {
  const probabilities = softmax([0, 1, 2, -1]);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) counts[samplePath([probabilities], stream(2, "draw", i))[0]]++;
  probabilities.forEach((p, choice) =>
    assert(Math.abs(counts[choice] - 4000 * p) < 5 * Math.sqrt(4000 * p * (1 - p)))
  );
});

Deno.test("logGradient() agrees with finite differences", () => {
  const logits = [0.3, -1, 2];
  const logProbability = (by: number, step: number): number =>
    Math.log(softmax(logits.map((it, i) => it + (i === by ? step : 0)))[1]);
  logGradient(softmax(logits), 1).forEach((it, i) =>
    assertAlmostEquals(it, (logProbability(i, 1e-5) - logProbability(i, -1e-5)) / 2e-5, 1e-8)
  );
});

Deno.test("updatePolicy() goes one learning rate down at first, whatever the gradient's size", () => {
  const { logits } = updatePolicy(
    { ...zeros, logits: [[1, 1, 1]], mean: [[0, 0, 0]], square: [[0, 0, 0]] },
    [[1e-3, -50, 0]],
    0.1,
  );
  logits[0].forEach((it, i) => assertAlmostEquals(it, [0.9, 1.1, 1][i], 1e-5));
});

Deno.test("updatePolicy() is Adam: a second step by hand", () => {
  const start = { logits: [[0]], mean: [[0]], square: [[0]], updates: 0 };
  const { logits, mean, square, updates } = updatePolicy(updatePolicy(start, [[2]], 0.1), [[-1]], 0.1);
  // mean: 0.5 * 1 + 0.5 * -1; square: 0.999 * 0.004 + 0.001 * 1; corrected: 0 / 0.75
  assertEquals([mean, updates], [[[0]], 2]);
  assertAlmostEquals(square[0][0], 0.004996, 1e-12);
  assertAlmostEquals(logits[0][0], -0.1, 1e-8);
});

Deno.test("a policy comes back from JSON as it was", () => {
  let policy = zeros;
  const random = stream(4, "gradients");
  for (let step = 0; step < 5; step++) {
    policy = updatePolicy(policy, zeros.logits.map((block) => block.map(() => random.normal())), 0.3);
  }
  assertEquals(JSON.parse(JSON.stringify(policy)), policy);
});
