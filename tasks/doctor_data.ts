/**
 * What `deno task doctor` finds in a data set: what it is like, what is suspicious, and what to set for it.
 *
 * @module
 */
import { editDistance } from "../lib/base/nearest.ts";
import { configDifferences } from "../lib/config/config_identity.ts";
import { parseConfig } from "../lib/config/parse_config.ts";
import type { Config } from "../lib/config/schema.ts";
import { type DataSurvey, octaveLabels, splitNames, type SurveyedData } from "../lib/survey/data_survey.ts";
import type { Proposals, ProposedField } from "../lib/survey/proposals.ts";
import type { Quantiles } from "../lib/survey/quantiles.ts";
import { isAcross, type SplitFile, type SuspectFiles } from "../lib/survey/suspect_files.ts";
import { type Suspicion, suspicionTexts, untaughtClasses } from "../lib/survey/suspicions.ts";
import { type CheckResult, ok, warning } from "./check_result.ts";
import { shellWord } from "./run_task.ts";

const listedExamples = 3;
const listedClasses = 20;
/** A class of fewer training boxes is hardly learnt. */
const fewBoxes = 20;
const barWidth = 40;

/** Images and boxes of each split. */
export function checkSplits({ splits, imageWidthPx, imageHeightPx }: DataSurvey): CheckResult {
  const rows = splitNames.map((name) => {
    const { images, boxes, emptyImages, boxesPerImage } = splits[name];
    const empty = emptyImages === 0 ? "" : `, ${emptyImages} without boxes`;
    return [name, `${images} images`, `${boxes} boxes`, `${spread(boxesPerImage)} an image${empty}`];
  });
  const sizes = `image width ${spread(imageWidthPx)} px, height ${spread(imageHeightPx)} px`;
  return ok("splits", [...aligned(rows), sizes, "(each: least, median, most)"].join("\n"));
}

/** Boxes of each class, and classes that training can't teach. */
export function checkClasses(data: SurveyedData, { classes }: DataSurvey): CheckResult {
  const sorted = classes.toSorted((a, b) => b.train - a.train);
  const total = sorted.reduce((sum, { train }) => sum + train, 0);
  const rows = sorted.slice(0, listedClasses).map(({ name, train, val, test }) => [
    name,
    `${train} boxes to train`,
    `${(100 * train / Math.max(1, total)).toFixed(1)} %`,
    `${val} val`,
    `${test} test`,
  ]);
  const more = sorted.length > listedClasses ? [`and ${sorted.length - listedClasses} more classes`] : [];
  const untaught = untaughtClasses(data);
  const rare = sorted.filter(({ train }) => train > 0 && train < fewBoxes);
  const taught = sorted.filter(({ train }) => train > 0);
  const doubts = [
    ...untaught.map(({ name, splits }) =>
      `${name} is in ${splits.join(" and ")} only: nothing can learn it${likeName(name, taught)}`
    ),
    ...rare.map(({ name, train }) => `${name} has ${train} training boxes: hardly learnt`),
    ...unmeasured(taught.filter(({ val }) => val === 0), "val: the search's score leaves that out"),
    ...unmeasured(taught.filter(({ test }) => test === 0), "test: the reported AP leaves that out"),
  ];
  const finding = [...aligned(rows), ...more, ...doubts].join("\n");
  if (doubts.length === 0) return ok("classes", finding);
  return warning("classes", finding, "annotate more of these, or leave the class out of all splits");
}

/** One line on classes that a split lacks, if there are any. */
function unmeasured(classes: readonly { readonly name: string }[], splitAndEffect: string): string[] {
  if (classes.length === 0) return [];
  const names = classes.slice(0, listedExamples).map(({ name }) => name).join(", ");
  const more = classes.length > listedExamples ? ` and ${classes.length - listedExamples} more` : "";
  return [`no box of ${names}${more} in ${splitAndEffect}`];
}

/** What a class may be that is spelt otherwise in the training split: `; misspelt for RBC?`. */
function likeName(name: string, taught: readonly { readonly name: string }[]): string {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[\s_-]/g, "");
  const best = taught.toSorted((a, b) => apart(a.name) - apart(b.name))[0];
  return best !== undefined && apart(best.name) <= name.length / 4 ? `; misspelt for ${best.name}?` : "";

  function apart(other: string): number {
    return editDistance(plain(name), plain(other));
  }
}

/** Sizes of the boxes, in the image and as the detector sees them. */
export function checkSizes(survey: DataSurvey, { detector }: Config): CheckResult {
  const { sizes, sidePx, canvasSidePx, aspectRatio, sideOctaves } = survey;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const most = Math.max(1, ...sideOctaves);
  const bars = sideOctaves.map((count, i) => [
    `${octaveLabels[i]} px`,
    "#".repeat(Math.ceil(barWidth * count / most)) + (count === 0 ? "" : " ") +
    (count === 0 ? "" : String(count)),
  ]).filter(([, bar], i) => bar !== "" || (i > 1 && i < sideOctaves.length - 1));
  const canvases = detector.canvases.map(([height, width]) => `${width} x ${height}`).join(" and ");
  return ok(
    "sizes",
    [
      `side of a box: ${spread(sidePx)} px in the image, ${
        spread(canvasSidePx)
      } px on the canvas (${canvases})`,
      `height over width: ${spread(aspectRatio)}`,
      `on the canvas, as COCO counts: small ${percent(sizes.small)}, medium ${percent(sizes.medium)}, large ${
        percent(sizes.large)
      }`,
      ...aligned(bars),
    ].join("\n"),
  );
}

/** What can be read and yet is likely wrong. */
export function checkSuspicions(
  suspicions: readonly Suspicion[],
  files: SuspectFiles,
  unknownSplits: readonly string[],
): CheckResult {
  const ofKind = Map.groupBy(suspicions, ({ kind }) => kind);
  const annotations = [...ofKind].map(([kind, found]) => {
    const images = [...new Set(found.map(({ split, imageId }) => `${split} ${imageId}`))];
    return `${found.length} ${suspicionTexts[kind]}: ${examples(images)}`;
  });
  const unknown = unknownSplits.length === 0
    ? []
    : [`splits that nothing uses: ${examples(unknownSplits)}; wanted train, val, trainval and test`];
  const lines = [...annotations, ...copyLines(files.copies), ...turnedLines(files.turned), ...unknown];
  if (lines.length === 0) {
    return ok("doubts", "none: no doubles, no tiny or thin boxes, no copied or turned images");
  }
  return warning(
    "doubts",
    lines.join("\n"),
    "look at these with --contact-sheet FILE.html, and correct what is wrong",
  );
}

function copyLines(copies: SuspectFiles["copies"]): string[] {
  const told = (groups: readonly (readonly SplitFile[])[]): string =>
    examples(groups.map((group) => group.map(({ split, file }) => `${split} ${file}`).join(" = ")));
  const across = copies.filter(isAcross);
  const within = copies.filter((group) => !isAcross(group));
  return [
    ...(across.length === 0 ? [] : [
      `${across.length} images are in two splits, under two names, so results look better than they are: ${
        told(across)
      }`,
    ]),
    ...(within.length === 0 ? [] : [`${within.length} images are in one split twice: ${told(within)}`]),
  ];
}

function turnedLines(turned: readonly SplitFile[]): string[] {
  if (turned.length === 0) return [];
  const where = examples(turned.map(({ split, file }) => `${split} ${file}`));
  return [
    `${turned.length} images have an EXIF rotation, which is ignored: boxes must be in stored pixels: ${where}`,
  ];
}

/** Image size, anchors and schedule, ready to type. */
export function checkProposals({ fields, currentFit, proposedFit, pixelsFactor }: Proposals): CheckResult {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const fit = `anchors reach ${percent(currentFit.recall)} of the training boxes at the matcher's IoU, ` +
    `mean IoU ${currentFit.meanIou.toFixed(2)}`;
  if (fields.length === 0) return ok("settings", `${fit}; image size, anchors and schedule fit as they are`);
  const isRefitted = fields.some(({ path }) => path.startsWith("detector."));
  const isRescheduled = fields.some(({ path }) => path.endsWith(".duration"));
  const better =
    `with what follows, ${percent(proposedFit.recall)}, mean IoU ${proposedFit.meanIou.toFixed(2)}` +
    (pixelsFactor === 1 ? "" : `, and a step takes about ${pixelsFactor.toFixed(1)} times as long`);
  const proposed = [
    ...(isRefitted ? [better] : []),
    ...(isRescheduled
      ? ["steps for so many images: a rule of thumb, from what was measured on BCCD's 292"]
      : []),
  ].join("\n");
  return warning("settings", `${fit}\n${proposed}`, settingFlags(fields));
}

/** The fields as flags, in a POSIX shell's quotes. */
export function settingFlags(fields: readonly ProposedField[]): string {
  const settings = fields.flatMap(({ path, value }) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([key, inner]) => `${path}.${key}=${JSON.stringify(inner)}`)
      : [`${path}=${JSON.stringify(value)}`]
  );
  return settings.map((setting) => `--set ${shellWord(setting)}`).join(" ");
}

/**
 * The config with the proposed fields.
 *
 * @throws {RangeError} If it would be no valid config, which is a fault of the proposals.
 */
export function proposedConfig(config: Config, fields: readonly ProposedField[]): Config {
  const changed: Record<string, unknown> = structuredClone(config);
  for (const { path, value } of fields) {
    const keys = path.split(".");
    const last = keys.pop() ?? path;
    let node = changed;
    for (const key of keys) node = node[key] as Record<string, unknown>;
    node[last] = value;
  }
  const result = parseConfig(changed, "the proposed config");
  if (configDifferences(config, result).length > 0 || fields.length === 0) return result;
  throw new RangeError(
    `Cannot change the config: none of ${fields.map(({ path }) => path).join(", ")} took effect`,
  );
}

function spread(quantiles: Quantiles | null): string {
  if (quantiles === null) return "none";
  const short = (value: number): string =>
    String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2)));
  return `${short(quantiles.min)} .. ${short(quantiles.median)} .. ${short(quantiles.max)}`;
}

function examples(names: readonly string[]): string {
  const more = names.length > listedExamples ? ` and ${names.length - listedExamples} more` : "";
  return names.slice(0, listedExamples).join(", ") + more;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}
