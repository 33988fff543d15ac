import { assert, assertEquals } from "@std/assert";
import { choiceStyle } from "../../lib/report/choice_style.ts";
import type { ReportChoice } from "../../lib/report/report_input.ts";

const choices: ReportChoice[] = [
  { kind: "shuffle", kernel: 1 },
  { kind: "shuffle", kernel: 3 },
  { kind: "shuffle", kernel: 5 },
  { kind: "shuffle", kernel: 7 },
  { kind: "shuffle", kernel: 9 },
  { kind: "xception", kernel: 3 },
  { kind: "xception", kernel: 5 },
  { kind: "bottleneck" },
];

Deno.test("every choice has a colour, a label and a name of its own", () => {
  const styles = choices.map(choiceStyle);
  for (const sign of ["color", "label", "name"] as const) {
    assertEquals(new Set(styles.map((style) => style[sign])).size, choices.length, sign);
  }
});

Deno.test("a larger kernel is a higher block, but never higher than its row", () => {
  const heights = [1, 3, 5, 7].map((kernel) => choiceStyle({ kind: "shuffle", kernel }).heightPx);
  assertEquals(heights, heights.toSorted((a, b) => a - b));
  assert(choiceStyle({ kind: "xception", kernel: 31 }).heightPx <= 50);
});

Deno.test("near-black text reads on every colour", () => {
  for (const { color, name } of choices.map(choiceStyle)) {
    const [r, g, b] = [1, 3, 5].map((at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
    const contrast = (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) / (0.0056 + 0.05); // #111
    assert(contrast >= 4.5, `${name}: ${contrast.toFixed(2)}`);
  }
});
