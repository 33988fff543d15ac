/** The part of jasmine-core 5 that the runner uses. */

export interface SpecResult {
  readonly fullName: string;
  readonly status: "passed" | "failed" | "excluded" | "pending";
  readonly failedExpectations: readonly { readonly message: string; readonly stack?: string }[];
}

export interface Environment {
  configure(options: {
    random: boolean;
    specFilter(spec: { getFullName(): string }): boolean;
  }): void;
  addReporter(reporter: { specDone(result: SpecResult): void }): void;
  execute(): Promise<{ readonly overallStatus: string }>;
}

declare const jasmineCore: {
  /** Makes `describe`, `it`, `expect` and the rest global. */
  boot(): { getEnv(): Environment };
};
export default jasmineCore;
