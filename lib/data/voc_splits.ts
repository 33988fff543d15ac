/**
 * Opens a folder in Pascal VOC's layout: one tree, or a tree a year (`VOC2007`, `VOC2012`), also inside `VOCdevkit`.
 *
 * @module
 */
import { type DataFolder, listFolder } from "./data_folder.ts";
import type { IndexStore } from "./data_index.ts";
import { noTestNote, planSplits, type SplitParts, type SplitPlan } from "./split_plan.ts";
import { listVocSplits, readVoc, type VocPart, type VocSplit } from "./voc.ts";

/** A tree and the names of its split files. */
interface VocTree {
  readonly tree: string;
  readonly lists: readonly string[];
}

/**
 * Opens a VOC folder.
 *
 * Of several years, all are trained on, and the first that has a test split is reported on: with VOC 2007 and
 * 2012 that is the authors' 07+12 trainval against 07 test.
 *
 * @param isCut Whether the search's split is cut from training even where there is a split val.
 * @returns Null if the layout is another.
 * @throws {Deno.errors.NotFound} If there are not enough splits.
 */
export async function openVocParts(
  folder: DataFolder,
  isCut: boolean,
  store: IndexStore | null,
): Promise<SplitParts | null> {
  const trees = await findTrees(folder);
  if (trees.length === 0) return null;
  const plan = trees.length === 1 ? planTree(folder, trees[0], isCut) : planYears(folder, trees, isCut);
  const { train, val, test } = plan;
  const splits = [train, ...(val === null ? [] : [val]), test];
  const read = await readVoc(folder, splits, store);
  const notes = test.parts[0].list === "test" ? [] : [noTestNote(test.name)];
  return { train: read[0], val: val === null ? null : read[1], test: read[read.length - 1], notes };
}

/** The root's own tree, or those of its folders `VOC<year>`, or of its folder `VOCdevkit`. */
async function findTrees(folder: DataFolder): Promise<VocTree[]> {
  const own = await listVocSplits(folder, "");
  if (own !== null) return [{ tree: "", lists: own }];
  for (const parent of ["", "VOCdevkit/"]) {
    const folders = (await listFolder(folder, parent.slice(0, -1)))?.folders ?? [];
    const trees: VocTree[] = [];
    for (const name of folders.filter((name) => /^VOC\d{4}$/.test(name))) {
      const tree = `${parent}${name}/`;
      const lists = await listVocSplits(folder, tree);
      if (lists !== null) trees.push({ tree, lists });
    }
    if (trees.length > 0) return trees;
  }
  return [];
}

interface VocPlan {
  readonly train: VocSplit;
  readonly val: VocSplit | null;
  readonly test: VocSplit;
}

function planTree(folder: DataFolder, { tree, lists }: VocTree, isCut: boolean): VocPlan {
  const plan = planSplits(rolesOf(lists), isCut);
  if (plan === null) throw tooFew(folder, lists);
  const split = (names: readonly string[]): VocSplit => {
    return { name: names.join(" and "), parts: names.map((list) => ({ tree, list })) };
  };
  return {
    train: split(plan.train),
    val: plan.val.length === 0 ? null : split(plan.val),
    test: split([plan.test]),
  };
}

/** A year without a test split is planned as if it had the reported one. */
function planYears(folder: DataFolder, trees: readonly VocTree[], isCut: boolean): VocPlan {
  const tested = trees.find(({ lists }) => lists.includes("test"));
  const plans = trees.map(({ tree, lists }) => {
    const roles = rolesOf(lists);
    const plan = planSplits(tested === undefined ? roles : { ...roles, test: "test" }, isCut);
    if (plan === null) throw tooFew(folder, lists.map((list) => `${tree}${list}`));
    return { tree, ...plan };
  });
  const joined = (names: (plan: SplitPlan) => readonly string[]): VocSplit =>
    splitOf(plans.flatMap((plan) => names(plan).map((list) => ({ tree: plan.tree, list }))));
  const val = joined((plan) => plan.val);
  return {
    train: joined((plan) => plan.train),
    val: val.parts.length === 0 ? null : val,
    test: tested === undefined
      ? joined((plan) => [plan.test])
      : splitOf([{ tree: tested.tree, list: "test" }]),
  };
}

function splitOf(parts: readonly VocPart[]): VocSplit {
  return { name: parts.map(({ tree, list }) => `${tree}${list}`).join(" and "), parts };
}

function rolesOf(lists: readonly string[]): Parameters<typeof planSplits>[0] {
  const role = (name: string): string | null => lists.includes(name) ? name : null;
  return { train: role("train"), val: role("val"), trainval: role("trainval"), test: role("test") };
}

function tooFew(folder: DataFolder, lists: readonly string[]): Error {
  return new Deno.errors.NotFound(
    `Cannot open ${folder.path} as Pascal VOC: its splits are ${lists.join(", ") || "none"}, ` +
      `wanted train and at least one of val and test`,
  );
}
