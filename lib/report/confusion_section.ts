/**
 * What the detector takes for what.
 *
 * @module
 */
import type { ReportConfusion, ReportDetails, ReportEvaluation } from "./evaluation_input.ts";
import { formatInteger } from "./format.ts";
import { type Markup, markup, nothing } from "./html.ts";
import { type Column, htmlTable } from "./table.ts";

/** With more classes a matrix can't be read, and the mistakes are listed. */
const mostClasses = 20;
/** Mistakes in the list. */
const listedMistakes = 25;

/** The confusion matrix of each evaluation that has one, or where classes are many, the most frequent mistakes. */
export function confusionBody(evaluations: readonly ReportEvaluation[]): Markup {
  const parts = evaluations.map(({ details }) => details === null ? nothing : confusionPart(details));
  return parts.every(({ source }) => source === "") ? nothing : markup`${parts}`;
}

function confusionPart({ classes, confusion }: ReportDetails): Markup {
  const names = classes.map(({ name }) => name);
  const { score, iou } = confusion.thresholds;
  const list = mistakes(names, confusion);
  const shown = list.slice(0, listedMistakes);
  const table = shown.length === 0 ? markup`<p>None.</p>` : htmlTable<Mistake>(mistakeColumns(), shown);
  const matrix = names.length > mostClasses ? nothing : matrixTable(names, confusion);
  return markup`<p>Detections with a score of at least ${score}, the surest first, each take the free object that they overlap most, by an IoU of at least ${iou}.</p>
${matrix}<h3>Most frequent mistakes</h3>
${table}
<p class="note">Missed: no detection took the object. Nothing there: the detection took no object.${
    list.length > shown.length
      ? ` ${formatInteger(list.length - shown.length)} rarer kinds are in report.json.`
      : ""
  }</p>`;
}

/** A row a true class, a column a detected one; a cell is the darker, the larger its share of the row. */
function matrixTable(names: readonly string[], { counts }: ReportConfusion): Markup {
  const head = [...names, "missed"].map((name) => markup`<th scope="col">${name}</th>`);
  const rows = counts.map((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, j) => {
      if (i === names.length && j === names.length) return markup`<td></td>`; // nothing, and nothing seen
      return matrixCell(count, total, i === j);
    });
    return markup`<tr><th scope="row">${names[i] ?? "nothing there"}</th>${cells}</tr>\n`;
  });
  return markup`<div class="scroll"><table class="matrix">\n<thead><tr><th>Object, detected as</th>${head}</tr></thead>\n<tbody>\n${rows}</tbody></table></div>
`;
}

function matrixCell(count: number, total: number, isRight: boolean): Markup {
  const percent = total === 0 ? 0 : Math.round(100 * count / total);
  const kind = isRight ? "right" : "wrong";
  return markup`<td class="${kind}" style="--share:${percent}%">${formatInteger(count)}<small>${
    count === 0 ? "" : `${percent} %`
  }</small></td>`;
}

/** A kind of mistake, and how often it was made. */
interface Mistake {
  readonly object: string;
  readonly detectedAs: string;
  readonly count: number;
  /** Of the class's objects, or of what was seen where nothing is. */
  readonly share: number;
}

/** The most frequent first; of equals, in the classes' order. */
function mistakes(names: readonly string[], { counts }: ReportConfusion): Mistake[] {
  const list = counts.flatMap((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, j): Mistake[] =>
      i === j || count === 0 ? [] : [{
        object: names[i] ?? "nothing there",
        detectedAs: names[j] ?? "missed",
        count,
        share: count / total,
      }]
    );
  });
  return list.sort((a, b) => b.count - a.count);
}

function mistakeColumns(): Column<Mistake>[] {
  return [
    { title: "Object", value: ({ object }) => object },
    { title: "Detected as", value: ({ detectedAs }) => detectedAs },
    { title: "Times", value: ({ count }) => count, text: ({ count }) => formatInteger(count) },
    {
      title: "Share of the class",
      value: ({ share }) => share,
      text: ({ share }) => `${(100 * share).toFixed(1)} %`,
      bar: ({ share }) => share,
    },
  ];
}
