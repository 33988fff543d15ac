import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { escapeHtml, legend, markup, page, trusted } from "../../lib/report/html.ts";

Deno.test("text cannot leave an element or an attribute", () => {
  assertEquals(escapeHtml(`<a b="c" d='e'>&`), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
});

Deno.test("control characters, which XML forbids, are replaced", () => {
  assertEquals(escapeHtml("a\u0000b\u001bc\td\n"), "a\ufffdb\ufffdc\td\n");
});

Deno.test("markup escapes texts, keeps markup, and joins lists", () => {
  const items = ["<1>", "2"].map((text) => markup`<li>${text}</li>`);
  assertEquals(
    markup`<ul>${items}</ul>${3}${trusted("<hr>")}`.source,
    "<ul><li>&lt;1&gt;</li><li>2</li></ul>3<hr>",
  );
});

Deno.test("a template without values is itself", () => {
  assertEquals(markup`<br>`.source, "<br>");
});

Deno.test("a legend's colour cannot bring in an attribute", () => {
  const { source } = legend([{ label: "x", color: `red" onload="y` }]);
  assert(!source.includes(`onload="`));
});

Deno.test("a page forbids everything from outside and names its sections", () => {
  const source = page("<t>", markup``, [{ id: "one", title: "One & two", body: markup`<p>3</p>` }]);
  assertStringIncludes(source, "default-src 'none'");
  assertStringIncludes(source, "<title>&lt;t&gt;</title>");
  assertStringIncludes(source, `<a href="#one">One &amp; two</a>`);
  assertStringIncludes(source, `<section id="one">`);
});

Deno.test("a legend's line has its dashes and its symbol", () => {
  const { source } = legend([{ label: "x", color: "red", dashes: "7 4", symbol: "triangle" }]);
  assertStringIncludes(source, `stroke-dasharray="7 4"`);
  assertStringIncludes(source, "translate(20 6)");
  assert(!source.includes("<rect"));
});
