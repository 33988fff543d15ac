import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Column, columnsOf, csvTable, htmlTable, markdownTable } from "../../lib/report/table.ts";

interface Row {
  readonly name: string;
  readonly score: number | null;
}

const columns: Column<Row>[] = [
  { title: "Name", value: ({ name }) => name },
  {
    title: "Score",
    value: ({ score }) => score,
    text: ({ score }) => score?.toFixed(2) ?? "–",
    bar: (row) => row.score ?? 0,
  },
];

Deno.test("CSV quotes commas, quotes and line breaks, and keeps numbers exact", () => {
  const rows = [{ name: 'a "b", c', score: 1 / 3 }, { name: "two\nlines", score: null }];
  assertEquals(csvTable(columns, rows), 'Name,Score\r\n"a ""b"", c",0.3333333333333333\r\n"two\nlines",\r\n');
});

Deno.test("Markdown stays one line a row, whatever a cell holds", () => {
  const rows = [{ name: "a|b\n<script>", score: 0.125 }];
  assertEquals(
    markdownTable(columns, rows),
    "| Name | Score |\n| --- | ---: |\n| a\\|b \\<script\\> | 0.13 |\n",
  );
});

Deno.test("HTML escapes cells, puts numbers right, and clamps bars", () => {
  const { source } = htmlTable(columns, [{ name: "<b>", score: 7 }, { name: "c", score: 0.5 }]);
  assertStringIncludes(source, "<td>&lt;b&gt;</td>");
  assertStringIncludes(source, `<td class="number">7.00<span class="bar"><i style="width:100%">`);
  assertStringIncludes(source, "width:50%");
  assert(!source.includes("<b>"));
});

Deno.test("a table without rows has its headings", () => {
  assertEquals(csvTable(columns, []), "Name,Score\r\n");
  assertStringIncludes(htmlTable(columns, []).source, `<th scope="col">Score</th>`);
});

Deno.test("columns of a part serve the whole row, with text and bar", () => {
  const outer = columnsOf<{ inner: Row }, Row>(columns, ({ inner }) => inner);
  const rows = [{ inner: { name: "a", score: 0.5 } }];
  assertEquals(csvTable(outer, rows), "Name,Score\r\na,0.5\r\n");
  assertStringIncludes(htmlTable(outer, rows).source, `0.50<span class="bar"><i style="width:50%">`);
});

Deno.test("a column that has no number yet stands where its numbers will", () => {
  const { source } = htmlTable(columns, [{ name: "a", score: null }]);
  assertStringIncludes(source, `<td class="number">–<span`);
  assertStringIncludes(source, "<td>a</td>");
  assertStringIncludes(markdownTable(columns, [{ name: "a", score: null }]), "| --- | ---: |");
});
