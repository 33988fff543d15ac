/**
 * Architectures as pictures: a chain of blocks from the image to the last stage, one architecture a row, so that several
 * lie above one another for comparison. Colour, height and label all say the choice.
 *
 * @module
 */
import { type ChoiceStyle, choiceStyle } from "./choice_style.ts";
import { type Markup, markup, nothing } from "./html.ts";
import type { ReportSpace } from "./report_input.ts";

/** One architecture to draw. */
export interface ArchitectureRow {
  /** Its name, e.g. `Winner`. */
  readonly title: string;
  /** More about it, e.g. `288.1 M multiply-adds`; may be empty. */
  readonly note: string;
  /** One choice a block: indices into the space's choices. */
  readonly choices: readonly number[];
}

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
  const styles = space.choices.map(choiceStyle);
  const legendTop = HEADER_PX + rows.length * ROW_PX;
  const height = legendTop + LEGEND_LINE_PX * Math.ceil((styles.length + 1) / LEGEND_COLUMNS) + LEGEND_END_PX;
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH_PX} ${height}" width="${WIDTH_PX}" height="${height}" role="img" aria-label="Architectures: choice of each block by stage" font-family="system-ui, 'Liberation Sans', sans-serif" font-size="12" fill="currentColor">
${stageHeadings(space, frame)}${
    rows.map((row, i) =>
      chain(space, row.choices.map((choice) => styles[choice]), row, frame, HEADER_PX + i * ROW_PX)
    )
  }${choiceLegend(styles, legendTop)}</svg>`;
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
const LEGEND_LINE_PX = 24;
const LEGEND_END_PX = 14;
const LEGEND_COLUMNS = 5;
const LEGEND_PITCH_PX = 205;
const ENDS_PX = 62;
const STAGE_GAP_PX = 22;

function checkChoices(space: ReportSpace, { title, choices }: ArchitectureRow): void {
  const blocks = space.stageRepeats.reduce((sum, repeats) => sum + repeats, 0);
  const wrong = choices.findIndex((choice) => space.choices[choice] === undefined);
  if (choices.length !== blocks) {
    throw new RangeError(
      `Cannot draw "${title}": ${choices.length} choices, but space "${space.name}" has ${blocks} blocks`,
    );
  }
  if (wrong >= 0) {
    throw new RangeError(
      `Cannot draw "${title}": choice ${choices[wrong]} of block ${wrong}, wanted 0 to ${
        space.choices.length - 1
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
    const isNarrow = right - left + STAGE_GAP_PX < 105;
    const sideText = isNarrow ? `${side} px, 1/${stride}` : `${side} × ${side} px (1/${stride})`;
    return markup`<path d="M${left} 56V51H${
      round(right)
    }V56" fill="none" stroke="currentColor" opacity="0.5"/>
<text x="${left}" y="14" font-weight="600">Stage ${stage + 1}</text>
<text x="${left}" y="29" opacity="0.75">${space.stageChannels[stage]} ${isNarrow ? "ch" : "channels"}</text>
<text x="${left}" y="44" opacity="0.75">${sideText}</text>
<path d="M${
      round(left - STAGE_GAP_PX / 2)
    } 4V56" stroke="currentColor" opacity="0.18" stroke-dasharray="2 4"/>
`;
  });
  const side = Math.ceil(space.resolution / (space.stem === "resnet" ? 4 : 2));
  return markup`<text x="0" y="14" font-weight="600">Stem</text>
<text x="0" y="29" opacity="0.75">${space.stemChannels} ch</text>
<text x="0" y="44" opacity="0.75">${side} px</text>
${stages}`;
}

function chain(
  space: ReportSpace,
  styles: readonly ChoiceStyle[],
  row: ArchitectureRow,
  { blocks, blockPx }: Frame,
  top: number,
): Markup {
  const middle = top + 64;
  const lefts = blocks.flat();
  const strided = new Set(blocks.slice(space.stem === "resnet" ? 1 : 0).map(([first]) => first));
  const end = lefts.length === 0 ? ENDS_PX : lefts[lefts.length - 1] + blockPx + 12;
  const drawn = lefts.map((left, i) => block(styles[i], i, left, blockPx, middle, strided.has(left)));
  return markup`<g aria-label="architecture">
<text x="0" y="${
    top + 26
  }"><tspan font-weight="600">${row.title}</tspan><tspan dx="10" opacity="0.75">${row.note}</tspan></text>
<path d="M30 ${middle}H${round(end)}" stroke="currentColor" stroke-width="1.5" opacity="0.45"/>
<path d="M${round(end + 6)} ${middle}l-7 -4v8z" opacity="0.6"/>
${stemBlock(space, middle)}${drawn}</g>
`;
}

/** The stem's kernel: 3, or 7 and the pooling after it, with a mark a stride of 2. */
function stemBlock({ stem }: ReportSpace, middle: number): Markup {
  const { label, title, marks } = stem === "resnet"
    ? { label: "7", title: "7 × 7 convolution, stride 2, and 3 × 3 max-pool, stride 2", marks: [-6, 6] }
    : { label: "3", title: "3 × 3 convolution, stride 2", marks: [0] };
  const arrows = marks.map((dx) => strideMark(19 + dx, middle + 27));
  return markup`<g aria-label="stem"><title>Stem: ${title}</title><rect x="1" y="${
    middle - 13
  }" width="36" height="26" rx="4" fill="#BBC3CC"/><text x="19" y="${
    middle + 4
  }" text-anchor="middle" font-size="14" font-weight="600" fill="#111">${label}</text>${arrows}</g>
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
  const mark = strided ? strideMark(left + width / 2, middle + 27) : nothing;
  return markup`<g aria-label="block"><title>Block ${index}: ${style.name}${
    strided ? ", stride 2" : ""
  }</title><rect x="${left}" y="${top}" width="${width}" height="${style.heightPx}" rx="4" fill="${style.color}"/><text x="${
    round(left + width / 2)
  }" y="${
    round(middle + size * 0.35)
  }" font-size="${size}" font-weight="600" text-anchor="middle" fill="#111">${style.label}</text>${mark}</g>
`;
}

function strideMark(center: number, top: number): Markup {
  return markup`<path d="M${round(center - 4)} ${round(top)}h8l-4 6z" opacity="0.75"/>`;
}

/** The choices and the stride mark, a few in a line. */
function choiceLegend(styles: readonly ChoiceStyle[], top: number): Markup {
  const place = (i: number): [number, number] => [
    (i % LEGEND_COLUMNS) * LEGEND_PITCH_PX,
    top + LEGEND_LINE_PX * (Math.floor(i / LEGEND_COLUMNS) + 0.5) + 4,
  ];
  const entries = styles.map((style, i) => {
    const [left, middle] = place(i);
    return markup`<rect x="${left}" y="${
      middle - 7
    }" width="20" height="14" rx="3" fill="${style.color}"/><text x="${left + 10}" y="${
      middle + 4
    }" font-size="11" font-weight="600" text-anchor="middle" fill="#111">${style.label}</text><text x="${
      left + 27
    }" y="${middle + 4}">${style.name}</text>
`;
  });
  const [left, middle] = place(styles.length);
  return markup`${entries}${strideMark(left + 10, middle - 3)}<text x="${left + 24}" y="${
    middle + 4
  }">stride 2</text>
`;
}

function round(px: number): number {
  return +px.toFixed(2);
}
