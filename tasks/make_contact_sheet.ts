/**
 * Draws a contact sheet, in a process of its own: decoding images takes `--allow-ffi`, which the commands do without.
 * Standard input holds a {@linkcode ContactSheetRequest} as JSON; standard output gets the page.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import type { ContactGroup } from "../lib/survey/contact_picks.ts";
import { drawContactSheet } from "../lib/survey/contact_sheet.ts";
import { openDetectionData } from "../lib/train/datasets.ts";
import { indexStore } from "./index_store.ts";

/** What is to be drawn. */
export interface ContactSheetRequest {
  /** Names the data. */
  readonly config: Config;
  readonly groups: readonly ContactGroup[];
  readonly title: string;
}

if (import.meta.main) {
  const { config, groups, title }: ContactSheetRequest = await new Response(Deno.stdin.readable).json();
  const indexes = indexStore();
  const data = await openDetectionData(config, indexes && { ...indexes, canWrite: false });
  const html = await drawContactSheet(data, groups, { title, maxImagePixels: config.maxImagePixels });
  await new Response(html).body?.pipeTo(Deno.stdout.writable);
}
