/**
 * The named experiments, one file each. A new one is written beside these and added to the list.
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { photos } from "./photos.ts";
import { shapes } from "./shapes.ts";
import { shapesTiny } from "./shapes_tiny.ts";

/** What `--config NAME` can name. */
export const configs: ReadonlyMap<string, ConfigInput> = new Map<string, ConfigInput>([
  ["shapes", shapes],
  ["shapes-tiny", shapesTiny],
  ["photos", photos],
]);

/** The config that is used without `--config`. */
export const defaultConfigName = "shapes";
