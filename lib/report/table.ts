/**
 * Tables: one list of columns gives HTML for the report, Markdown for a README and CSV for a spreadsheet.
 *
 * @module
 */
import { type Markup, markup, nothing } from "./html.ts";

/** What a cell holds before it is formatted; `null` is an empty cell. */
export type Cell = string | number | null;

/** A column of a table of `Row`s. */
export interface Column<Row> {
  /** Heading. */
  readonly title: string;
  /** The exact value, as CSV gets it. */
  readonly value: (row: Row) => Cell;
  /** The value for people; where left out, the value itself. Numbers stand right, texts left. */
  readonly text?: (row: Row) => string;
  /** Length of a bar behind the number, 0..1 (HTML only). */
  readonly bar?: (row: Row) => number;
}

/** Columns of a part of a row as columns of the whole row. */
export function columnsOf<Row, Part>(
  columns: readonly Column<Part>[],
  part: (row: Row) => Part,
): Column<Row>[] {
  return columns.map(({ title, value, text, bar }) => ({
    title,
    value: (row: Row): Cell => value(part(row)),
    ...(text ? { text: (row: Row): string => text(part(row)) } : {}),
    ...(bar ? { bar: (row: Row): number => bar(part(row)) } : {}),
  }));
}

/** The table as HTML, with a heading row. */
export function htmlTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const right = columns.map((column) => isNumeric(column, rows));
  const kind = (i: number): Markup => right[i] ? markup` class="number"` : nothing;
  const head = columns.map(({ title }, i) => markup`<th scope="col"${kind(i)}>${title}</th>`);
  const body = rows.map((row) =>
    markup`<tr>${columns.map((column, i) => markup`<td${kind(i)}>${cellHtml(column, row)}</td>`)}</tr>\n`
  );
  return markup`<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}</tbody></table></div>`;
}

/** The table as GitHub's Markdown. */
export function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const rule = columns.map((column) => isNumeric(column, rows) ? "---:" : "---");
  return line(columns.map(({ title }) => markdownText(title))) + line(rule) +
    rows.map((row) => line(columns.map((column) => markdownText(cellText(column, row))))).join("");
}

/** The table as CSV (RFC 4180), with exact numbers. */
export function csvTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const line = (cells: readonly Cell[]): string => cells.map(csvField).join(",") + "\r\n";
  return line(columns.map(({ title }) => title)) +
    rows.map((row) => line(columns.map(({ value }) => value(row)))).join("");
}

/** A column without a text holds numbers, there or yet to come. */
function isNumeric<Row>({ value }: Column<Row>, rows: readonly Row[]): boolean {
  return rows.length > 0 && !rows.some((row) => typeof value(row) === "string");
}

function cellText<Row>(column: Column<Row>, row: Row): string {
  return column.text ? column.text(row) : String(column.value(row) ?? "");
}

function cellHtml<Row>(column: Column<Row>, row: Row): Markup {
  const share = column.bar?.(row);
  if (share === undefined) return markup`${cellText(column, row)}`;
  const percent = Math.round(1000 * Math.min(1, Math.max(0, share))) / 10;
  return markup`${cellText(column, row)}<span class="bar"><i style="width:${percent}%"></i></span>`;
}

/** Keeps a text in its line and cell, and without effect as Markdown or HTML. */
export function markdownText(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}

function csvField(cell: Cell): string {
  const text = String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
