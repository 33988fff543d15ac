/**
 * `deno task doctor --contact-sheet FILE`: has the page drawn, and writes it.
 *
 * @module
 */
import { withoutLibraryPath } from "../lib/base/child_environment.ts";
import { writeFileAtomic } from "../lib/run/atomic_file.ts";
import type { ContactSheetRequest } from "./make_contact_sheet.ts";

/**
 * Writes a contact sheet.
 *
 * @param file The HTML file.
 * @param request What it shows.
 * @throws {Error} If an image can't be read or the file can't be written.
 */
export async function writeContactSheet(file: string, request: ContactSheetRequest): Promise<void> {
  const entry = new URL("./make_contact_sheet.ts", import.meta.url).href;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-env", entry],
    env: withoutLibraryPath,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const asked = new Response(JSON.stringify(request)).body?.pipeTo(child.stdin);
  const [{ success, stdout, stderr }] = await Promise.all([child.output(), asked]);
  if (success) return await writeFileAtomic(file, stdout);
  throw new Error(`Cannot draw contact sheet ${file}: ${new TextDecoder().decode(stderr).trim()}`);
}
