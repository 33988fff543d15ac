/**
 * Two functions that tfjs-node's JavaScript calls on `node:util` and that Node has since removed.
 *
 * @module
 */
import { createRequire } from "node:module";

/**
 * Defines them where they are missing. CommonJS modules share one `node:util` object, so this must run before
 * tfjs-node's kernels do.
 */
export function defineLegacyNodeUtil(): void {
  const util = createRequire(import.meta.url)("node:util") as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown): boolean => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
