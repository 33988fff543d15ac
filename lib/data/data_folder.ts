/**
 * A data folder on disk: the one place where readers open files, and where a path taken from an annotation is
 * kept from leaving it.
 *
 * @module
 */

/** An existing folder, with its real path for the check against links that lead out of it. */
export interface DataFolder {
  /** As the user gave it, without a trailing slash: what messages show. */
  readonly path: string;
  /** Absolute, with links resolved. */
  readonly realPath: string;
}

/**
 * Opens a folder of data.
 *
 * @param path As the user gave it.
 * @throws {Deno.errors.NotFound} If there is no such folder.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const info = await statOrNull(path);
  if (info === null) throw new Deno.errors.NotFound(`Cannot open data folder ${path}: no such folder`);
  if (!info.isDirectory) {
    throw new Deno.errors.NotFound(`Cannot open data folder ${path}: it is a file, wanted a folder`);
  }
  return { path: path.replace(/(?<=.)\/+$/, ""), realPath: await Deno.realPath(path) };
}

/**
 * Refuses a relative path that would leave the folder, by its text alone.
 *
 * @param value e.g. an annotation's `filename`.
 * @param where What holds it, e.g. `Annotations/1.xml: filename`: begins the message.
 * @throws {RangeError} If it is empty, absolute, or holds `..`, a backslash or NUL.
 */
export function checkRelativePath(value: string, where: string): void {
  const fault = value === ""
    ? "it is empty"
    : value.includes("\0")
    ? "it holds a NUL character"
    : value.includes("\\")
    ? "it holds a backslash"
    : value.startsWith("/") || /^[A-Za-z]:/.test(value)
    ? "it is absolute"
    : value.split("/").includes("..")
    ? "it leaves the data folder"
    : null;
  if (fault === null) return;
  throw new RangeError(
    `Cannot use ${where} ${JSON.stringify(value)}: ${fault}, wanted a path inside the data folder`,
  );
}

/**
 * Resolves a path inside the folder to an existing file.
 *
 * @param folder The data folder.
 * @param relative Path from the folder, e.g. `JPEGImages/1.jpg`.
 * @param where What names it, begins the message.
 * @returns The file's path, beginning with the folder's; null if there is no such file.
 * @throws {RangeError} If the path, or a link on its way, leaves the folder.
 */
export async function findFile(folder: DataFolder, relative: string, where: string): Promise<string | null> {
  checkRelativePath(relative, where);
  const file = `${folder.path}/${relative}`;
  const info = await statOrNull(file);
  if (info === null || !info.isFile) return null;
  await checkInside(folder, file, `${where} ${JSON.stringify(relative)}`);
  return file;
}

/**
 * Refuses a path that links lead out of the folder.
 *
 * @param path An existing file or folder.
 * @param where What names it, begins the message.
 * @throws {RangeError} If it lies elsewhere.
 */
export async function checkInside(folder: DataFolder, path: string, where: string): Promise<void> {
  const real = await Deno.realPath(path);
  const root = folder.realPath.endsWith("/") ? folder.realPath : `${folder.realPath}/`;
  if (`${real}/`.startsWith(root)) return;
  throw new RangeError(
    `Cannot use ${where}: a link leads out of the data folder to ${real}; wanted a copy in the folder`,
  );
}

/**
 * Reads a text file of the folder.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {RangeError} If the path leaves the folder.
 */
export async function readText(folder: DataFolder, relative: string): Promise<string> {
  const file = await findFile(folder, relative, "file");
  if (file === null) throw new Deno.errors.NotFound(`Cannot read ${folder.path}/${relative}: no such file`);
  return await Deno.readTextFile(file);
}

/** Names in a folder of the data folder, sorted by code unit; hidden ones left out; null if there is none. */
export async function listFolder(
  folder: DataFolder,
  relative: string,
): Promise<{ files: string[]; folders: string[] } | null> {
  const path = relative === "" ? folder.path : `${folder.path}/${relative}`;
  const info = await statOrNull(path);
  if (info === null || !info.isDirectory) return null;
  const files: string[] = [];
  const folders: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    if (entry.name.startsWith(".")) continue;
    const isDirectory = entry.isSymlink
      ? (await statOrNull(`${path}/${entry.name}`))?.isDirectory === true
      : entry.isDirectory;
    (isDirectory ? folders : files).push(entry.name);
  }
  return { files: files.sort(), folders: folders.sort() };
}

/** What is at a path, links followed; null if there is nothing. */
export async function statOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}
