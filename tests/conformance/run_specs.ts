/**
 * Runs tfjs-core's own test suite with jasmine.
 *
 * @module
 */
// @ts-types="./jasmine_core.d.ts"
import jasmineCore from "jasmine-core";

/** One spec that failed, and the first thing that did. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** What came of a run. */
export interface Outcome {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skipped: number;
}

/**
 * Runs the suite's specs in order on tfjs's current backend.
 *
 * @param bundle URL of the bundled suite.
 * @param isWanted Says by its full name whether a spec is run.
 * @param onSpec Called after each spec that ran.
 */
export async function runSpecs(
  bundle: string,
  isWanted: (name: string) => boolean,
  onSpec: (name: string) => void = () => {},
): Promise<Outcome> {
  const environment = jasmineCore.boot().getEnv();
  await import(bundle);
  const failures: Failure[] = [];
  const counts = { passed: 0, failed: 0, excluded: 0, pending: 0 };
  environment.configure({ random: false, specFilter: (spec) => isWanted(spec.getFullName()) });
  environment.addReporter({
    specDone(result): void {
      counts[result.status]++;
      if (result.status !== "excluded") onSpec(result.fullName);
      if (result.status !== "failed") return;
      failures.push({ name: result.fullName, message: result.failedExpectations[0]?.message ?? "" });
    },
  });
  await environment.execute();
  return { passed: counts.passed, failures, skipped: counts.excluded + counts.pending };
}
