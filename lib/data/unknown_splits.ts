/**
 * Split files that no reader uses, mostly because of their name: `valid` for `val`.
 *
 * @module
 */
import { listCocoSplits } from "./coco.ts";
import { openDataFolder } from "./data_folder.ts";
import { listVocSplits } from "./voc.ts";

/** VOC's own `aeroplane_train` and the like are lists of one class's images. */
const vocNames = /^(train|val|trainval|test)$|_(train|val|trainval|test)$/;
const cocoNames = /^(train|val|trainval|test|minival)/;

/**
 * The splits of a folder that are neither train, val, trainval nor test.
 *
 * @param path A folder in Pascal VOC's or COCO's layout.
 * @returns Their names, sorted; none where the layout is another.
 * @throws {Deno.errors.NotFound} If there is no such folder.
 */
export async function unknownSplits(path: string): Promise<string[]> {
  const folder = await openDataFolder(path);
  const voc = await listVocSplits(folder, "");
  if (voc !== null) return voc.filter((name) => !vocNames.test(name));
  return (await listCocoSplits(folder) ?? []).filter((name) => !cocoNames.test(name));
}
