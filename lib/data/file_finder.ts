/**
 * Finds many files of a data folder by listing its folders once, instead of asking for each file.
 *
 * @module
 */
import { checkInside, checkRelativePath, type DataFolder, findFile, statOrNull } from "./data_folder.ts";

/** Entries of one folder. */
interface Listing {
  readonly files: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
}

const nothing: Listing = { files: new Set(), links: new Set() };

/** Looks names up in listings; a file that comes later is not seen. */
export class FileFinder {
  readonly #folder: DataFolder;
  readonly #listings = new Map<string, Listing>();

  /** Lists nothing yet. */
  constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  /** The folders that were listed, relative to the data folder. */
  get folders(): readonly string[] {
    return [...this.#listings.keys()];
  }

  /**
   * Whether there is such a file; links are followed.
   *
   * @param relative Path from the data folder.
   * @param where What names it, begins the message.
   * @throws {RangeError} If the path, or a link on its way, leaves the data folder.
   */
  async has(relative: string, where: string): Promise<boolean> {
    checkRelativePath(relative, where);
    const slash = relative.lastIndexOf("/");
    const [parent, name] = [relative.slice(0, Math.max(0, slash)), relative.slice(slash + 1)];
    const { files, links } = this.#listings.get(parent) ?? await this.#list(parent, where);
    if (files.has(name)) return true;
    return links.has(name) && await findFile(this.#folder, relative, where) !== null;
  }

  async #list(parent: string, where: string): Promise<Listing> {
    const path = parent === "" ? this.#folder.path : `${this.#folder.path}/${parent}`;
    const isFolder = (await statOrNull(path))?.isDirectory === true;
    if (isFolder) await checkInside(this.#folder, path, `${where} ${JSON.stringify(parent)}`);
    const listing = isFolder ? await listNames(path) : nothing;
    this.#listings.set(parent, listing);
    return listing;
  }
}

async function listNames(path: string): Promise<Listing> {
  const files = new Set<string>();
  const links = new Set<string>();
  for await (const { name, isFile, isSymlink } of Deno.readDir(path)) {
    if (isFile) files.add(name);
    else if (isSymlink) links.add(name);
  }
  return { files, links };
}
