import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { initialStatistics, initialValues } from "../../lib/nn/init.ts";
import type { ParameterSpec } from "../../lib/nn/unit.ts";

const spec: ParameterSpec = {
  name: "w",
  shape: [3, 3, 40, 30],
  role: "weight",
  init: { kind: "normal", std: 0.01 },
};

Deno.test("initialValues() draws the asked mean and deviation", () => {
  const values = initialValues(spec, stream(1, "w"));
  assertEquals(values.length, 10_800);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assertAlmostEquals(mean, 0, 4 * 0.01 / Math.sqrt(10_800));
  assertAlmostEquals(Math.sqrt(variance), 0.01, 0.0005);
});

Deno.test("initialValues() draws the same for the same stream, and else for another", () => {
  assertEquals(initialValues(spec, stream(1, "w")), initialValues(spec, stream(1, "w")));
  assertNotEquals(initialValues(spec, stream(1, "w")), initialValues(spec, stream(2, "w")));
});

Deno.test("initialValues() fills constants, and statistics start at 0 and 1", () => {
  const constant: ParameterSpec = { ...spec, shape: [2], init: { kind: "constant", value: 0.5 } };
  assertEquals([...initialValues(constant, stream(1, "w"))], [0.5, 0.5]);
  assertEquals(initialStatistics({ name: "bn", channels: 2 }).map((values) => [...values]), [[0, 0], [1, 1]]);
});
