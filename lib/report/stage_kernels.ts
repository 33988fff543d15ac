/**
 * Where along the depth each kernel size sits: a run's choices counted by stage, as a table and as a picture.
 *
 * @module
 */
import { type ChoiceStyle, choiceStyle } from "./choice_style.ts";
import type { RowTable } from "./compare_tables.ts";
import { type Markup, markup, nothing } from "./html.ts";
import type { ReportChoice, ReportSpace } from "./report_input.ts";
import type { Column } from "./table.ts";

/** An architecture of a space, under a name. */
export interface NamedArchitecture {
  /** Its name. */
  readonly label: string;
  /** The space that its choices refer to. */
  readonly space: ReportSpace;
  /** One choice a block. */
  readonly choices: readonly number[];
}

/** How many blocks of a stage make each choice. */
export interface StageCounts {
  /** The architecture's name. */
  readonly label: string;
  /** The stage, from 1; `all` for the whole backbone. */
  readonly stage: number | "all";
  /** Blocks of the stage. */
  readonly blocks: number;
  /** Count by the choice's name; a choice that the space does not have is missing. */
  readonly counts: ReadonlyMap<string, number>;
}

/** The counts of each stage, and of all together. */
export function stageCounts({ label, space, choices }: NamedArchitecture): StageCounts[] {
  const stages = stagesOf(space, choices);
  return [...stages, choices].map((own, i) => ({
    label,
    stage: i < stages.length ? i + 1 : "all",
    blocks: own.length,
    counts: new Map(
      space.choices.map((
        choice,
        index,
      ) => [choiceStyle(choice).name, own.filter((one) => one === index).length]),
    ),
  }));
}

/** The table of counts: a row a stage of each architecture, a column a choice of any of their spaces. */
export function kernelTable(architectures: readonly NamedArchitecture[]): RowTable<StageCounts> {
  const names = choicesOf(architectures).map(({ name }) => name);
  return {
    rows: architectures.flatMap(stageCounts),
    columns: [
      { title: "Run", value: ({ label }) => label },
      { title: "Stage", value: ({ stage }) => String(stage) },
      { title: "Blocks", value: ({ blocks }) => blocks },
      ...names.map((name): Column<StageCounts> => ({
        title: name,
        value: ({ counts }) => counts.get(name) ?? null,
        text: ({ counts }) => String(counts.get(name) ?? "–"),
      })),
    ],
  };
}

/** How every choice of any of the spaces is drawn, each once: first ShuffleNet's by kernel, then the others. */
export function choicesOf(architectures: readonly NamedArchitecture[]): ChoiceStyle[] {
  const all = architectures.flatMap(({ space }) => space.choices);
  const byName = new Map(
    all.toSorted(byKind).map((choice) => [choiceStyle(choice).name, choiceStyle(choice)]),
  );
  return [...byName.values()];
}

/**
 * Draws the choices of each stage as a pile of blocks, smallest kernels lowest: the counts as heights.
 *
 * @param architecture What to draw.
 * @param tallest Blocks of the largest stage of all that stand beside it, so that their blocks are of one size.
 * @returns One `svg` element, coloured by the text colour around it.
 */
export function drawStageKernels({ label, space, choices }: NamedArchitecture, tallest: number): Markup {
  const unit = Math.max(9, Math.min(18, Math.floor(288 / Math.max(1, tallest))));
  const floor = TOP_PX + unit * Math.max(0, ...space.stageRepeats);
  const columns = stagesOf(space, choices).map((own, stage) => pile(space, own, stage, unit, floor));
  const width = COLUMN_PX * space.stageRepeats.length;
  const height = floor + BOTTOM_PX;
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}: choices counted by stage" font-family="system-ui, 'Liberation Sans', sans-serif" font-size="12" fill="currentColor">
<path d="M0 ${floor + 1}H${width}" stroke="currentColor" opacity="0.5"/>
${columns}</svg>`;
}

const COLUMN_PX = 56;
const BLOCK_PX = 40;
const TOP_PX = 4;
const BOTTOM_PX = 24;

function pile(
  space: ReportSpace,
  choices: readonly number[],
  stage: number,
  unit: number,
  floor: number,
): Markup {
  const left = stage * COLUMN_PX + (COLUMN_PX - BLOCK_PX) / 2;
  const center = left + BLOCK_PX / 2;
  const ordered = choices.map((choice) => space.choices[choice]).sort(byKind).map(choiceStyle);
  const blocks = ordered.map(({ color, label, name }, i) => {
    const top = floor - (i + 1) * unit;
    return markup`<g aria-label="block"><title>${name}</title><rect x="${left}" y="${
      top + 0.5
    }" width="${BLOCK_PX}" height="${unit - 1}" rx="2" fill="${color}"/>${
      unit < 11
        ? nothing
        : markup`<text x="${center}" y="${top + unit / 2 + 4}" font-size="${
          Math.min(12, unit - 2)
        }" font-weight="600" text-anchor="middle" fill="#111">${label}</text>`
    }</g>`;
  });
  return markup`${blocks}<text x="${center}" y="${floor + 17}" text-anchor="middle">${stage + 1}</text>
`;
}

function stagesOf({ stageRepeats }: ReportSpace, choices: readonly number[]): number[][] {
  let first = 0;
  return stageRepeats.map((repeats) => choices.slice(first, first += repeats));
}

const KIND_ORDER = ["shuffle", "xception", "bottleneck"];

/** ShuffleNet's blocks by kernel, then Xception's, then ResNet's. */
function byKind(a: ReportChoice, b: ReportChoice): number {
  const kernel = (choice: ReportChoice): number => choice.kind === "bottleneck" ? 0 : choice.kernel;
  return KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) || kernel(a) - kernel(b);
}
