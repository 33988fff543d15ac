/**
 * Stands in for `jsr:@std/assert` where JSR cannot be reached: the functions this project's tests use, under
 * the same names and with the same meaning, over `node:assert`. Deleting `links` in `deno.json` uses the
 * published package instead.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** Fails unless the expression is truthy. */
export function assert(expr: unknown, msg = "assertion failed"): asserts expr {
  nodeAssert.ok(expr, msg);
}

/** Fails unless both are deeply equal; typed arrays are compared by element. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, msg as string);
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, msg as string);
}

/** Fails unless both are the same value (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  nodeAssert.strictEqual(actual, expected, msg as string);
}

/** Fails unless |actual - expected| is at most the tolerance (default 1e-7, as the published package). */
export function assertAlmostEquals(actual: number, expected: number, tolerance = 1e-7, msg?: string): void {
  if (Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance) return;
  nodeAssert.fail(msg ?? `Expected actual: "${actual}" to be close to "${expected}" within ${tolerance}`);
}

/** Fails if the value is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  nodeAssert.ok(actual !== undefined && actual !== null, msg ?? `Expected a value, got ${actual}`);
}

/** Fails unless actual > expected. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.ok(actual > expected, msg ?? `Expected ${actual} > ${expected}`);
}

/** Fails unless actual < expected. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.ok(actual < expected, msg ?? `Expected ${actual} < ${expected}`);
}

/** Fails unless the value is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any
  expectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is T {
  nodeAssert.ok(actual instanceof expectedType, msg ?? `Expected an instance of ${expectedType.name}`);
}

/** Fails unless the text contains the other. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  nodeAssert.ok(
    actual.includes(expected),
    msg ?? `Expected ${JSON.stringify(actual)} to contain ${JSON.stringify(expected)}`,
  );
}

/** Fails unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  nodeAssert.match(actual, expected, msg as string);
}

/** Fails unless calling throws; checks class and part of the message where given. Returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorType: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  msgIncludes = "",
): E {
  try {
    fn();
  } catch (error) {
    return checked(error, ErrorType, msgIncludes);
  }
  nodeAssert.fail("Expected function to throw.");
}

/** Fails unless the promise rejects; checks class and part of the message where given. Returns the error. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorType: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  msgIncludes = "",
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checked(error, ErrorType, msgIncludes);
  }
  nodeAssert.fail("Expected function to reject.");
}

/** Fails always. */
export function fail(msg = "Failed assertion."): never {
  nodeAssert.fail(msg);
}

function checked<E extends Error>(error: unknown, ErrorType: ErrorClass<E>, msgIncludes: string): E {
  nodeAssert.ok(error instanceof ErrorType, `Expected ${ErrorType.name}, got ${error}`);
  assertStringIncludes(error.message, msgIncludes);
  return error;
}
