/**
 * Calls of the file system, counted.
 *
 * @module
 */

/**
 * Does something before the N-th call of this process that makes, opens, writes, syncs, renames or removes what is at a
 * path or below it.
 *
 * @param prefix How the path begins.
 * @param number Which of the calls, from 1.
 */
export function beforeFileCall(prefix: string, number: number, act: () => void): void {
  let calls = 0;
  const count = (path: unknown): void => {
    if (String(path).startsWith(prefix) && ++calls === number) act();
  };
  const { mkdir, open, rename, remove } = Deno;
  Deno.mkdir = (path, options) => (count(path), mkdir(path, options));
  Deno.rename = (from, to) => (count(from), rename(from, to));
  Deno.remove = (path, options) => (count(path), remove(path, options));
  Deno.open = async (path, options): Promise<Deno.FsFile> => {
    count(path);
    const file = await open(path, options);
    const [write, sync] = [file.write.bind(file), file.sync.bind(file)];
    file.write = (bytes) => (count(path), write(bytes));
    file.sync = () => (count(path), sync());
    return file;
  };
}
