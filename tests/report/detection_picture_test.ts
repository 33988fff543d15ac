import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { classColor, drawDetections } from "../../lib/report/detection_picture.ts";
import { count, picture } from "./records.ts";

const names = ["cell", "platelet"];
const box = (score: number, className = "cell"): {
  className: string;
  score: number;
  boxXyxy: [number, number, number, number];
} => ({ className, score, boxXyxy: [10, 20, 110, 220] });

Deno.test("detections from the score on are drawn, with a label each, and every true box", () => {
  const shown = picture({ detections: [box(0.9), box(0.5), box(0.49)], truths: [box(1), box(1)] });
  const { source } = drawDetections(shown, names, 0.5);
  const groups = ["detection", "label", "truth"].map((name) => count(source, `aria-label="${name}"`));
  assertEquals(groups, [2, 2, 2]);
});

Deno.test("a box lies at its corners, in the image's own pixels", () => {
  const { source } = drawDetections(picture({ detections: [box(0.9)] }), names, 0.5);
  assertStringIncludes(source, `viewBox="0 0 320 240"`);
  assertStringIncludes(source, `x="10" y="20" width="100" height="200"`);
});

Deno.test("a narrow box has its score alone, and a label stays inside the image", () => {
  const narrow = { ...box(0.876, "platelet"), boxXyxy: [300, 0, 319, 9] as [number, number, number, number] };
  const { source } = drawDetections(picture({ detections: [narrow] }), names, 0);
  assertStringIncludes(source, ">0.88</text>");
  const label = source.match(/aria-label="label"><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/);
  assert(label && +label[1] + +label[3] <= 320.1 && +label[2] === 0, source);
});

Deno.test("the best detection lies on top", () => {
  const { source } = drawDetections(picture({ detections: [box(0.9), box(0.6)] }), names, 0);
  assert(source.indexOf("cell 0.60<") < source.indexOf("cell 0.90<"));
});

Deno.test("a class or file named like a tag is only text", () => {
  const hostile = picture({
    title: `"><script>`,
    detections: [box(0.9, "<script>")],
    truths: [box(1, "<script>")],
  });
  const { source } = drawDetections(hostile, ["<script>"], 0);
  assert(!source.includes("<script"), source);
  assertStringIncludes(source, "&lt;script&gt;");
});

Deno.test("the image is embedded by its kind, and another kind is refused", () => {
  assertStringIncludes(
    drawDetections(picture({}), names, 0).source,
    `href="data:image/png;base64,iVBORw0KGgo`,
  );
  const jpeg = picture({ bytes: new Uint8Array([0xff, 0xd8, 0xff]) });
  assertStringIncludes(drawDetections(jpeg, names, 0).source, `href="data:image/jpeg;base64,/9j/"`);
  const message = 'Cannot draw "a.png": its bytes start with 47494638, wanted a JPEG or PNG file';
  const gif = picture({ bytes: new TextEncoder().encode("GIF89a") });
  assertThrows(() => drawDetections(gif, names, 0), TypeError, message);
});

Deno.test("classes have different colours, and an unknown one is grey", () => {
  assertEquals(new Set(Array.from("abcdefgh", (name) => classColor(Array.from("abcdefgh"), name))).size, 8);
  assertEquals(classColor(names, "dog"), "#999999");
});
