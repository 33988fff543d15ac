/**
 * npm packages that only tests use, where they are large: `tests/packages` is a project of its own, with a lock, so that
 * who searches does not fetch them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../tests/packages", import.meta.url));

/**
 * Fetches the packages that `tests/packages/deno.json` names, unless they are there.
 *
 * @throws {Error} If Deno can't; the message holds what it said.
 */
export async function ensureTestPackages(): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["install", "--frozen"],
    cwd: folder,
    env: { NO_COLOR: "1" },
  });
  const { success, stderr } = await command.output();
  if (success) return;
  throw new Error(`Cannot fetch the tests' packages: ${new TextDecoder().decode(stderr).trim()}`);
}
