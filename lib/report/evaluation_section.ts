/**
 * COCO's numbers: overall, by class and by the size of objects.
 *
 * @module
 */
import type { ApSummary, ClassAp, ReportClass, ReportEvaluation, ReportSize } from "./evaluation_input.ts";
import { formatFraction, formatInteger } from "./format.ts";
import { type Markup, markup, nothing } from "./html.ts";
import type { ReportInput } from "./report_input.ts";
import { type Column, htmlTable } from "./table.ts";

/** Six of COCO's numbers as columns, of whatever row holds them; an undefined one is no number. */
export function apColumns<Row>(summary: (row: Row) => ApSummary | undefined): Column<Row>[] {
  return (["AP", "AP50", "AP75", "APs", "APm", "APl"] as const).map((name) =>
    fractionColumn(name, (row: Row) => summary(row)?.[name])
  );
}

/** A class's AP, one row a class. */
export function classColumns(): Column<readonly [string, ClassAp]>[] {
  return [
    { title: "Class", value: ([name]) => name },
    fractionColumn("AP", ([, { AP }]) => AP),
    { ...fractionColumn("AP50", ([, { AP50 }]) => AP50), bar: ([, { AP50 }]) => AP50 },
  ];
}

/** A class's numbers where all are known, one row a class. */
export function classDetailColumns(): Column<ReportClass>[] {
  return [
    { title: "Class", value: ({ name }) => name },
    objectsColumn(),
    fractionColumn("AP", ({ AP }) => AP),
    fractionColumn("AP75", ({ AP75 }) => AP75),
    fractionColumn("AR100", ({ AR100 }) => AR100),
    { ...fractionColumn("AP50", ({ AP50 }) => AP50), bar: ({ AP50 }) => AP50 },
  ];
}

/** COCO's numbers of each evaluation, overall, by class and by size. */
export function evaluationsBody({ evaluations }: ReportInput): Markup {
  if (evaluations.length === 0) return nothing;
  const overall = htmlTable<ReportEvaluation>([
    { title: "Evaluation", value: ({ title }) => title },
    { title: "Images", value: ({ images }) => images, text: ({ images }) => formatInteger(images) },
    ...apColumns<ReportEvaluation>(({ summary }) => summary),
  ], evaluations);
  return markup`${overall}
<p class="note">COCO's average precision over IoU 0.50 to 0.95; AP50 and AP75 at that IoU alone; APs, APm, APl by object area (under 32², under 96², above, in pixels); AR100 the mean largest recall with 100 detections an image. A dash: no object of that kind.</p>
<div class="grid">\n${evaluations.map(classesPart)}${evaluations.map(sizesPart)}</div>`;
}

function classesPart({ title, perClass, details }: ReportEvaluation): Markup {
  const table = details === null
    ? htmlTable(classColumns(), Object.entries(perClass))
    : htmlTable(classDetailColumns(), details.classes);
  return markup`<div><h3>By class: ${title}</h3>\n${table}</div>\n`;
}

function sizesPart({ title, details }: ReportEvaluation): Markup {
  if (details === null) return nothing;
  return markup`<div><h3>By size: ${title}</h3>\n${
    htmlTable(sizeColumns(details.sizes), details.sizes)
  }</div>\n`;
}

const areas = { small: "under 32² px", medium: "32² to 96² px", large: "over 96² px" } as const;

function sizeColumns(sizes: readonly ReportSize[]): Column<ReportSize>[] {
  const all = sizes.reduce((sum, { objects }) => sum + objects, 0);
  return [
    { title: "Area", value: ({ name }) => `${name}, ${areas[name]}` },
    fractionColumn("AP", ({ AP }) => AP),
    fractionColumn("AR100", ({ AR100 }) => AR100),
    { ...objectsColumn<ReportSize>(), bar: ({ objects }) => all === 0 ? 0 : objects / all },
  ];
}

function objectsColumn<Row extends { readonly objects: number }>(): Column<Row> {
  return { title: "Objects", value: ({ objects }) => objects, text: ({ objects }) => formatInteger(objects) };
}

function fractionColumn<Row>(title: string, fraction: (row: Row) => number | undefined): Column<Row> {
  return {
    title,
    value: (row) => definedAp(fraction(row)),
    text: (row) => formatFraction(fraction(row) ?? null),
  };
}

/** COCO's -1 would spoil every mean that a spreadsheet takes. */
function definedAp(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value;
}
