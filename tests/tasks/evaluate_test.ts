import { assertEquals } from "@std/assert";
import { evaluationLines } from "../../tasks/evaluate.ts";

Deno.test("evaluationLines() aligns the numbers, and shows a dash for what COCO leaves undefined", () => {
  const lines = evaluationLines({
    images: 72,
    summary: {
      ...{ AP: 0.51234, AP50: 0.8, AP75: 1, APs: -1, APm: 0.4, APl: 0.6 },
      ...{ AR1: 0.1, AR10: 0.5, AR100: 0.6, ARs: -1, ARm: 0.5, ARl: 0.7 },
    },
    perClass: { RBC: { AP: 0.5, AP50: 0.75 }, Platelets: { AP: -1, AP50: -1 } },
  });
  assertEquals(lines.slice(0, 5), [
    "72 images of the test split:",
    "  AP     0.5123",
    "  AP50   0.8000",
    "  AP75   1.0000",
    "  APs         -",
  ]);
  assertEquals(lines.slice(-4, -1), [
    "  class          AP    AP50",
    "  RBC        0.5000  0.7500",
    "  Platelets       -       -",
  ]);
});
