/**
 * A picture of the report as an SVG file of its own, for a README: it follows the reader's light or dark scheme.
 *
 * @module
 */
import { type Markup, markup, trusted } from "./html.ts";
import { colorVariables } from "./stylesheet.ts";

/**
 * Makes a file of a picture.
 *
 * @param title What the picture shows, in words.
 * @param picture One `svg` element with `width` and `height`, as `drawArchitectures` and `drawDetections` give it.
 * @returns The SVG document, with a margin around the picture.
 * @throws {TypeError} If the picture's first element states no size.
 */
export function standalonePicture(title: string, picture: Markup): string {
  const tag = picture.source.slice(0, picture.source.indexOf(">"));
  const [width, height] = ["width", "height"].map((name) => Number(tag.match(` ${name}="([\\d.]+)"`)?.[1]));
  if (!(width > 0 && height > 0)) throw new TypeError(`Cannot make a file of "${title}": no size in ${tag}>`);
  const frame = [-MARGIN_PX, -MARGIN_PX, width + 2 * MARGIN_PX, height + 2 * MARGIN_PX];
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="${frame.join(" ")}" width="${
    frame[2]
  }" height="${frame[3]}" role="img">
<title>${title}</title>
<style>${trusted(colorVariables)}svg { color: var(--ink); }</style>
${picture}
</svg>
`.source;
}

const MARGIN_PX = 12;
