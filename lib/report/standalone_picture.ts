/**
 * Pictures as SVG files of their own, for a README: they follow the reader's light or dark scheme.
 *
 * @module
 */
import { type ArchitectureRow, drawArchitectures } from "./architecture_picture.ts";
import { escapeHtml } from "./html.ts";
import type { ReportSpace } from "./report_input.ts";

/**
 * Architectures as an SVG document.
 *
 * @param title The document's title.
 * @param space The space they belong to.
 * @param rows The architectures, from top to bottom.
 * @throws {RangeError} If a row's choices do not fit the space.
 */
export function architectureSvg(title: string, space: ReportSpace, rows: readonly ArchitectureRow[]): string {
  const { source } = drawArchitectures(space, rows);
  const start = source.indexOf(">") + 1;
  const style = "svg{color:#1b1f24}@media(prefers-color-scheme:dark){svg{color:#e6eaf0}}";
  return `${source.slice(0, start)}\n<title>${escapeHtml(title)}</title>\n<style>${style}</style>${
    source.slice(start)
  }\n`;
}
