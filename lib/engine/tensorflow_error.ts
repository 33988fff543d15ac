/**
 * What a failed TensorFlow call throws.
 *
 * @module
 */

/** TensorFlow's status codes by number (tensorflow/c/tf_status.h). */
export const statusNames: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** A TensorFlow call that did not return OK. */
export class TensorFlowError extends Error {
  /** TensorFlow's status code, e.g. 3 for an invalid argument. */
  readonly code: number;
  /** The operation or C call that failed, e.g. `Conv2D`. */
  readonly op: string;

  /**
   * Words an error.
   *
   * @param op The operation or C call that failed.
   * @param code TensorFlow's status code.
   * @param message TensorFlow's own words.
   */
  constructor(op: string, code: number, message: string) {
    super(`TensorFlow cannot run ${op}: ${message} (${statusNames[code] ?? "status"} ${code})`);
    this.name = "TensorFlowError";
    this.code = code;
    this.op = op;
  }
}
