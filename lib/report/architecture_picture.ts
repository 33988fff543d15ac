/**
 * Architectures as pictures: a chain of blocks from the image to the last stage, one architecture a row, so that several
 * lie above one another for comparison. Colour, height and label all say the choice.
 *
 * @module
 */
import { type Markup, markup } from "./html.ts";
import type { ReportSpace } from "./report_input.ts";

/** One architecture to draw. */
export interface ArchitectureRow {
  /** Its name, e.g. `Winner`. */
  readonly title: string;
  /** More about it, e.g. `288.1 M multiply-adds`; may be empty. */
  readonly note: string;
  /** One choice a block: 0 shuffle 3x3, 1 shuffle 5x5, 2 shuffle 7x7, 3 Xception 3x3. */
  readonly choices: readonly number[];
}

/** How a choice is drawn. */
export interface ChoiceStyle {
  /** The choice in words. */
  readonly name: string;
  /** What stands in the block. */
  readonly label: string;
  /** Fill; carries near-black text on light and dark ground. */
  readonly color: string;
  /** Height of the block, px: its kernels' size. */
  readonly heightPx: number;
}

/** The drawing of choices 0..3, colours from Okabe and Ito (2008). */
export const choiceStyles: readonly ChoiceStyle[] = [
  { name: "ShuffleNet 3 × 3", label: "3", color: "#56B4E9", heightPx: 26 },
  { name: "ShuffleNet 5 × 5", label: "5", color: "#2DB88A", heightPx: 36 },
  { name: "ShuffleNet 7 × 7", label: "7", color: "#E69F00", heightPx: 46 },
  { name: "Xception 3 × 3 (three deep)", label: "X", color: "#D98CBB", heightPx: 31 },
];

/**
 * Draws architectures of one space.
 *
 * @param space The space; gives stages, channels and sides.
 * @param rows The architectures, from top to bottom.
 * @returns One `svg` element, 1040 px wide or scaled down, coloured by the text colour around it.
 * @throws {RangeError} If a row's choices do not fit the space.
 */
export function drawArchitectures(space: ReportSpace, rows: readonly ArchitectureRow[]): Markup {
  for (const row of rows) checkChoices(space, row);
  const frame = layOut(space);
  const height = HEADER_PX + rows.length * ROW_PX + LEGEND_PX;
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH_PX} ${height}" width="${WIDTH_PX}" height="${height}" role="img" aria-label="Architectures: choice of each block by stage" font-family="system-ui, 'Liberation Sans', sans-serif" font-size="12" fill="currentColor">
${stageHeadings(space, frame)}${rows.map((row, i) => chain(row, frame, HEADER_PX + i * ROW_PX))}${
    choiceLegend(height - LEGEND_PX / 2)
  }</svg>`;
}

/** Where the blocks of each stage lie. */
interface Frame {
  /** Left edge of each block, stage by stage, px. */
  readonly blocks: readonly (readonly number[])[];
  readonly blockPx: number;
}

const WIDTH_PX = 1040;
const HEADER_PX = 62;
const ROW_PX = 104;
const LEGEND_PX = 44;
const ENDS_PX = 62;
const STAGE_GAP_PX = 22;

function checkChoices(space: ReportSpace, { title, choices }: ArchitectureRow): void {
  const blocks = space.stageRepeats.reduce((sum, repeats) => sum + repeats, 0);
  const wrong = choices.findIndex((choice) => choiceStyles[choice] === undefined);
  if (choices.length !== blocks) {
    throw new RangeError(
      `Cannot draw "${title}": ${choices.length} choices, but space "${space.name}" has ${blocks} blocks`,
    );
  }
  if (wrong >= 0) {
    throw new RangeError(
      `Cannot draw "${title}": choice ${choices[wrong]} of block ${wrong}, wanted 0 to ${
        choiceStyles.length - 1
      }`,
    );
  }
}

function layOut(space: ReportSpace): Frame {
  const count = space.stageRepeats.reduce((sum, repeats) => sum + repeats, 0);
  const free = WIDTH_PX - ENDS_PX - STAGE_GAP_PX * space.stageRepeats.length;
  const pitch = Math.min(56, Math.floor(10 * free / Math.max(1, count)) / 10);
  let left = ENDS_PX;
  const blocks = space.stageRepeats.map((repeats) => {
    const stage = Array.from({ length: repeats }, (_, i) => round(left + i * pitch));
    left += repeats * pitch + STAGE_GAP_PX;
    return stage;
  });
  return { blocks, blockPx: round(pitch - Math.min(6, pitch / 5)) };
}

function stageHeadings(space: ReportSpace, { blocks, blockPx }: Frame): Markup {
  const stages = blocks.map((lefts, stage) => {
    const [left, right] = [lefts[0], lefts[lefts.length - 1] + blockPx];
    const stride = 2 ** (stage + 2);
    const side = Math.ceil(space.resolution / stride);
    return markup`<path d="M${left} 56V51H${
      round(right)
    }V56" fill="none" stroke="currentColor" opacity="0.5"/>
<text x="${left}" y="14" font-weight="600">Stage ${stage + 1}</text>
<text x="${left}" y="29" opacity="0.75">${space.stageChannels[stage]} channels</text>
<text x="${left}" y="44" opacity="0.75">${side} × ${side} px (1/${stride})</text>
<path d="M${
      round(left - STAGE_GAP_PX / 2)
    } 4V56" stroke="currentColor" opacity="0.18" stroke-dasharray="2 4"/>
`;
  });
  const side = Math.ceil(space.resolution / 2);
  return markup`<text x="0" y="14" font-weight="600">Stem</text>
<text x="0" y="29" opacity="0.75">${space.stemChannels} ch</text>
<text x="0" y="44" opacity="0.75">${side} px</text>
${stages}`;
}

function chain(row: ArchitectureRow, { blocks, blockPx }: Frame, top: number): Markup {
  const middle = top + 64;
  const lefts = blocks.flat();
  const firsts = new Set(blocks.map(([first]) => first));
  const end = lefts.length === 0 ? ENDS_PX : lefts[lefts.length - 1] + blockPx + 12;
  const drawn = lefts.map((left, i) =>
    block(choiceStyles[row.choices[i]], i, left, blockPx, middle, firsts.has(left))
  );
  return markup`<g aria-label="architecture">
<text x="0" y="${
    top + 26
  }"><tspan font-weight="600">${row.title}</tspan><tspan dx="10" opacity="0.75">${row.note}</tspan></text>
<path d="M30 ${middle}H${round(end)}" stroke="currentColor" stroke-width="1.5" opacity="0.45"/>
<path d="M${round(end + 6)} ${middle}l-7 -4v8z" opacity="0.6"/>
<rect x="1" y="${middle - 13}" width="36" height="26" rx="4" fill="#BBC3CC"/><text x="19" y="${
    middle + 4
  }" text-anchor="middle" font-size="14" font-weight="600" fill="#111">3</text><path d="M15 ${
    middle + 27
  }h8l-4 6z" opacity="0.75"/>
${drawn}</g>
`;
}

function block(
  style: ChoiceStyle,
  index: number,
  left: number,
  width: number,
  middle: number,
  strided: boolean,
): Markup {
  const top = middle - style.heightPx / 2;
  const size = Math.min(14, Math.max(9, width * 0.6));
  const mark = strided
    ? markup`<path d="M${round(left + width / 2 - 4)} ${middle + 27}h8l-4 6z" opacity="0.75"/>`
    : markup``;
  return markup`<g aria-label="block"><title>Block ${index}: ${style.name}${
    strided ? ", stride 2" : ""
  }</title><rect x="${left}" y="${top}" width="${width}" height="${style.heightPx}" rx="4" fill="${style.color}"/><text x="${
    round(left + width / 2)
  }" y="${
    round(middle + size * 0.35)
  }" font-size="${size}" font-weight="600" text-anchor="middle" fill="#111">${style.label}</text>${mark}</g>
`;
}

function choiceLegend(middle: number): Markup {
  const entries = choiceStyles.map((style, i) =>
    markup`<rect x="${i * 200}" y="${
      middle - 7
    }" width="20" height="14" rx="3" fill="${style.color}"/><text x="${i * 200 + 10}" y="${
      middle + 4
    }" font-size="11" font-weight="600" text-anchor="middle" fill="#111">${style.label}</text><text x="${
      i * 200 + 27
    }" y="${middle + 4}">${style.name}</text>
`
  );
  const left = choiceStyles.length * 200 + 10;
  return markup`${entries}<path d="M${left} ${middle - 3}h8l-4 6z" opacity="0.75"/><text x="${
    left + 14
  }" y="${middle + 4}">stride 2</text>
`;
}

function round(px: number): number {
  return +px.toFixed(2);
}
