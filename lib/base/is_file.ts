/**
 * Whether a file is there.
 *
 * @module
 */

/** Whether a path is a file's; false where nothing is. What else goes wrong is thrown. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
