import { assertEquals } from "@std/assert";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFraction,
  formatInteger,
  formatSpread,
  plural,
} from "../../lib/report/format.ts";

Deno.test("fractions have three decimals; COCO's -1 and what is no number are a dash", () => {
  assertEquals([0, 0.61249, 1, -1, NaN, null].map(formatFraction), [
    "0.000",
    "0.612",
    "1.000",
    "–",
    "–",
    "–",
  ]);
});

Deno.test("counts have four figures and a prefix", () => {
  const counts = [0, 999, 1000, 1_849_600, 288_082_000, 1_269_182_000, Infinity, null];
  assertEquals(counts.map(formatCount), ["0", "999", "1.000 k", "1.850 M", "288.1 M", "1.269 G", "–", "–"]);
});

Deno.test("durations round without a sixtieth second or minute", () => {
  const seconds = [0, 1.44, 9.96, 59.6, 65, 599.6, 754, 3599, 3600, 12_000, NaN];
  assertEquals(
    seconds.map(formatDuration),
    [
      "0.0 s",
      "1.4 s",
      "10 s",
      "1 min 00 s",
      "1 min 05 s",
      "10 min",
      "13 min",
      "1 h 00 min",
      "1 h 00 min",
      "3 h 20 min",
      "–",
    ],
  );
});

Deno.test("bytes, whole numbers and plurals", () => {
  assertEquals([formatBytes(2 ** 29), formatBytes(3 * 2 ** 30), formatBytes(undefined)], [
    "512 MiB",
    "3.00 GiB",
    "–",
  ]);
  assertEquals(formatInteger(12480), "12,480");
  assertEquals([plural(1, "image"), plural(0, "image")], ["1 image", "0 images"]);
});

Deno.test("a mean stands with its deviation, alone if it has none, and is a dash if it is none", () => {
  assertEquals(formatSpread({ mean: 0.07123, sd: 0.00312 }, 4), "0.0712 ± 0.0031");
  assertEquals([formatSpread({ mean: 0.5, sd: null }, 2), formatSpread(null, 2)], ["0.50", "–"]);
});
