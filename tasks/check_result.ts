/**
 * One finding of `deno task doctor`, and how it is shown.
 *
 * @module
 */

/** What was found: fine, worth knowing, or in the way of a run. */
export interface CheckResult {
  /** How bad it is; `problem` would stop a run. */
  readonly status: "ok" | "warning" | "problem";
  /** What was looked at, one or two words. */
  readonly subject: string;
  /** What was found. */
  readonly finding: string;
  /** What to do about it; null where nothing need be done. */
  readonly advice: string | null;
}

/** All is well. */
export function ok(subject: string, finding: string): CheckResult {
  return { status: "ok", subject, finding, advice: null };
}

/** A run will do, with a reservation. */
export function warning(subject: string, finding: string, advice: string): CheckResult {
  return { status: "warning", subject, finding, advice };
}

/** A run would stop. */
export function problem(subject: string, finding: string, advice: string): CheckResult {
  return { status: "problem", subject, finding, advice };
}

/** A result as lines for a terminal; what spans several lines is indented under its subject. */
export function checkText({ status, subject, finding, advice }: CheckResult): string {
  const indent = " ".repeat(19);
  const rows = [finding, ...(advice === null ? [] : [`do: ${advice}`])];
  return `${status.padEnd(8)} ${subject.padEnd(9)} ${rows.join("\n").replaceAll("\n", `\n${indent}`)}`;
}
