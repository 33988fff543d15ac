/**
 * Markup that cannot be forgotten to be escaped: the `markup` tag escapes every text put into it, and the page that
 * holds the report's sections.
 *
 * @module
 */
import { stylesheet } from "./stylesheet.ts";

/** HTML or SVG source that is already escaped. Made by `markup`, or by `trusted` from a renderer's own output. */
export class Markup {
  /**
   * Wraps source.
   *
   * @param source Safe to put into a page.
   */
  constructor(
    /** The source, safe to put into a page. */
    readonly source: string,
  ) {}
}

/** What the `markup` tag takes: text and numbers are escaped, markup is inserted as it is, lists are joined. */
export type MarkupPart = string | number | Markup | readonly Markup[];

/**
 * Escapes text for HTML and SVG content and for quoted attributes.
 *
 * @param text Any text. Characters that XML forbids are replaced by U+FFFD.
 */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;")
    // deno-lint-ignore no-control-regex -- control characters are what this line is about
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "\ufffd");
}

/** Template tag: `` markup`<p>${text}</p>` `` with every text escaped. */
export function markup(strings: TemplateStringsArray, ...parts: MarkupPart[]): Markup {
  return new Markup(strings.reduce((source, text, i) => source + partSource(parts[i - 1]) + text));
}

/**
 * Marks source as safe without looking at it.
 *
 * @param source What another renderer produced and escaped.
 */
export function trusted(source: string): Markup {
  return new Markup(source);
}

/** Nothing at all. */
export const nothing: Markup = new Markup("");

/** A symbol that marks points, as Plot names it. */
export type PointSymbol = "circle" | "triangle" | "square" | "diamond" | "wye" | "cross";

/** A legend's entry: what it stands for, and the colour as CSS. */
export interface LegendEntry {
  /** What the sample stands for. */
  readonly label: string;
  /** A CSS colour; may be a variable of the style sheet. */
  readonly color: string;
  /** How it is drawn; a `swatch` where left out. */
  readonly shape?: "swatch" | "dot" | "ring" | "line" | "dashes" | "star";
  /** A line with these dashes in place of a shape, as SVG's `stroke-dasharray`. */
  readonly dashes?: string;
  /** A symbol, alone or on the line. */
  readonly symbol?: PointSymbol;
}

/** A row of samples and their meaning. */
export function legend(entries: readonly LegendEntry[]): Markup {
  const items = entries.map((entry) => {
    const width = entry.dashes === undefined ? 22 : 40;
    return markup`<span class="key"><svg viewBox="0 0 ${width} 12" width="${width}" height="12" aria-hidden="true" style="color:${entry.color}">${
      sample(entry, width)
    }</svg>${entry.label}</span>\n`;
  });
  return markup`<div class="legend">${items}</div>`;
}

/** A picture with its title above, what it says below, and a legend between where there is one. */
export function figure(title: string, picture: Markup, caption = "", key: Markup = nothing): Markup {
  const note = caption === "" ? nothing : markup`<p class="note">${caption}</p>`;
  return markup`<figure><figcaption>${title}</figcaption>${key}<div class="picture">${picture}</div>${note}</figure>\n`;
}

/** A part of the page. */
export interface Section {
  /** Anchor, an identifier. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** What stands under the heading. */
  readonly body: Markup;
}

/**
 * A whole page that needs nothing else: style inside, no scripts, and a policy that forbids loading anything.
 *
 * @param title The page's title.
 * @param header What stands above the table of contents.
 * @param sections The page's parts, in order.
 */
export function page(title: string, header: Markup, sections: readonly Section[]): string {
  const links = sections.map(({ id, title }) => markup`<a href="#${id}">${title}</a>\n`);
  const bodies = sections.map(({ id, title, body }) =>
    markup`<section id="${id}">\n<h2>${title}</h2>\n${body}\n</section>\n`
  );
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${trusted(stylesheet)}</style>
</head>
<body>
<header>\n${header}\n</header>
<nav aria-label="Contents"><div>\n${links}</div></nav>
<main>\n${bodies}</main>
</body>
</html>
`.source;
}

const SAMPLES = {
  swatch: '<rect x="4" y="1" width="14" height="10" rx="2" fill="currentColor"/>',
  dot: '<circle cx="11" cy="6" r="4" fill="currentColor"/>',
  ring: '<circle cx="11" cy="6" r="3.5" fill="none" stroke="currentColor" stroke-width="1.5"/>',
  line: '<path d="M1 6H21" stroke="currentColor" stroke-width="2.5"/>',
  dashes: '<path d="M1 6H21" stroke="currentColor" stroke-width="2" stroke-dasharray="4 3"/>',
  star:
    '<path d="M11 0l1.6 4.2 4.5.2-3.5 2.8 1.2 4.3L11 9.1l-3.8 2.4 1.2-4.3L4.9 4.4l4.5-.2z" fill="currentColor"/>',
};

/** Symbols around the origin, as Plot names them. */
const SYMBOLS: Readonly<Record<PointSymbol, string>> = {
  circle: '<circle r="3.6" fill="currentColor"/>',
  triangle: '<path d="M0-4.4L4.4 3.4H-4.4z" fill="currentColor"/>',
  square: '<path d="M-3.4-3.4H3.4V3.4H-3.4z" fill="currentColor"/>',
  diamond: '<path d="M0-4.8L3.4 0L0 4.8L-3.4 0z" fill="currentColor"/>',
  wye: '<path d="M-1.3 4.6V.8L-4.6-1.1l1.3-2.3L0-1.5l3.3-1.9 1.3 2.3L1.3.8v3.8z" fill="currentColor"/>',
  cross: '<path d="M-1.5-4.4h3v2.9h2.9v3H1.5v2.9h-3V1.5h-2.9v-3h2.9z" fill="currentColor"/>',
};

function sample({ shape = "swatch", dashes, symbol }: LegendEntry, width: number): Markup {
  if (dashes === undefined && symbol === undefined) return trusted(SAMPLES[shape]);
  const line = dashes === undefined
    ? nothing
    : markup`<path d="M1 6H${
      width - 1
    }" stroke="currentColor" stroke-width="2.2" stroke-dasharray="${dashes}"/>`;
  const mark = symbol === undefined
    ? nothing
    : markup`<g transform="translate(${width / 2} 6)">${trusted(SYMBOLS[symbol])}</g>`;
  return markup`${line}${mark}`;
}

function partSource(part: MarkupPart | undefined): string {
  if (part === undefined) return "";
  if (part instanceof Markup) return part.source;
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return part.map((one) => one.source).join("");
}
