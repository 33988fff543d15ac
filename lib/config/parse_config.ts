/**
 * From unknown data (a file, a typed config, flags) to a checked {@linkcode Config}, or to an error that names
 * file, field, the value found and the value wanted.
 *
 * @module
 */
import type { z } from "zod";
import { nearest } from "../base/nearest.ts";
import { checkSearchSpace, searchSpaces } from "../space/search_space.ts";
import { configPaths } from "./config_paths.ts";
import { type Config, configSchema } from "./schema.ts";

/**
 * Checks a config.
 *
 * @param value The config; `space` may be a known space's name.
 * @param where Where it comes from, for messages: a file or `config shapes`.
 * @returns The resolved config, a copy.
 * @throws {TypeError} If a field is missing, unknown or of the wrong type.
 * @throws {RangeError} If a value is outside its range.
 */
export function parseConfig(value: unknown, where: string): Config {
  const resolved = withNamedSpace(value, where);
  const result = configSchema.safeParse(resolved);
  if (!result.success) throw configError(result.error.issues, resolved, where);
  checkSpace(result.data, where);
  return result.data;
}

/** The checks that the space makes itself, with the file named. */
function checkSpace(config: Config, where: string): void {
  try {
    checkSearchSpace(config.space);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new RangeError(`Cannot read ${where}: ${cause.message}`, { cause });
  }
}

function withNamedSpace(value: unknown, where: string): unknown {
  if (!isRecord(value) || typeof value.space !== "string") return value;
  const named = new Map<string, unknown>(Object.entries(searchSpaces)).get(value.space);
  if (named !== undefined) return { ...value, space: named };
  throw new RangeError(
    `Cannot read ${where}: space is ${shown(value.space)}, wanted a space or one of ` +
      `${listed(Object.keys(searchSpaces))}${suggestion(value.space, Object.keys(searchSpaces))}`,
  );
}

type Issue = z.core.$ZodIssue;

function configError(issues: readonly Issue[], value: unknown, where: string): Error {
  const lines = issues.flatMap((issue) => issueLines(issue, value));
  const isKindError = issues.some((issue) =>
    issue.code === "invalid_type" || issue.code === "unrecognized_keys"
  );
  const text = lines.length === 1 ? ` ${lines[0]}` : lines.map((line) => `\n  ${line}`).join("");
  return new (isKindError ? TypeError : RangeError)(`Cannot read ${where}:${text}`);
}

function issueLines(issue: Issue, value: unknown): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKeyLine(issue.path, key));
  const path = pathText(issue.path) || "the config";
  const found = valueAt(value, issue.path);
  if (found === undefined) return [`${path} is missing, wanted ${wanted(issue)}`];
  return [`${path} is ${shown(found)}, wanted ${wanted(issue)}${optionHint(issue, found)}`];
}

function unknownKeyLine(parent: readonly PropertyKey[], key: string): string {
  const prefix = parent.length === 0 ? "" : `${pathText(parent)}.`;
  const siblings = configPaths().filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length)).filter((path) => !path.includes("."));
  return `${prefix}${key} is no known field${suggestion(key, siblings)}`;
}

/** What an issue's field would have accepted, in words. */
function wanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type": // the schema says what its numbers are; of the rest, zod's "expected" does
      if (!issue.message.startsWith("Invalid input")) return issue.message;
      return `${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "too_small":
      return `${sizeNoun(issue.origin)}${issue.inclusive ? ">=" : ">"} ${issue.minimum}`;
    case "too_big":
      return `${sizeNoun(issue.origin)}${issue.inclusive ? "<=" : "<"} ${issue.maximum}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_value":
      return `one of ${listed(issue.values)}`;
    case "invalid_union":
      return unionOptions(issue) === null ? issue.message : `one of ${listed(unionOptions(issue) ?? [])}`;
    default:
      return issue.message;
  }
}

function sizeNoun(origin: string): string {
  if (origin === "array") return "a number of entries ";
  return origin === "string" ? "a number of characters " : "";
}

function optionHint(issue: Issue, found: unknown): string {
  const options = issue.code === "invalid_value" ? issue.values : unionOptions(issue);
  if (typeof found !== "string" || options === null) return "";
  return suggestion(found, options.map(String));
}

/** The valid values of a union's `kind`, which zod gives with the issue though its type does not say so. */
function unionOptions(issue: Issue): readonly unknown[] | null {
  return "options" in issue && Array.isArray(issue.options) ? issue.options : null;
}

function suggestion(found: string, valid: readonly string[]): string {
  const best = nearest(found, valid);
  return best === null ? "" : `; did you mean ${JSON.stringify(best)}?`;
}

function listed(values: readonly unknown[]): string {
  return values.map((value) => shown(value)).join(", ");
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, i) => typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)
    .join("");
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((node, key) => isRecord(node) ? node[String(key)] : undefined, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
