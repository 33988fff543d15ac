/**
 * The loaded libtensorflow: its symbols and one status object through which every call is checked.
 *
 * @module
 */
import { type Symbols, symbols } from "./symbols.ts";
import { TensorFlowError } from "./tensorflow_error.ts";

const RTLD_LAZY = 1; // dlfcn.h, on Linux and macOS alike

/**
 * libtensorflow, loaded. Dispose it last: handles of it must be gone by then. Its code stays in the process.
 */
export class TensorFlowLibrary implements Disposable {
  readonly symbols: Symbols;
  /** Passed to every C call that reports; read by {@linkcode TensorFlowLibrary.check}. */
  readonly status: Deno.PointerObject;
  #library: Deno.DynamicLibrary<typeof symbols>;

  /**
   * Loads the library.
   *
   * @param path Absolute path of `libtensorflow_cc`.
   * @throws {Deno.errors.NotCapable} Without unrestricted `--allow-ffi`.
   * @throws {Error} If the file is no libtensorflow; `cause` holds the loader's own error.
   */
  constructor(path: string) {
    this.#library = load(path);
    this.symbols = this.#library.symbols;
    keepLoaded(this.symbols, path);
    this.status = this.symbols.TF_NewStatus()!;
  }

  /** TensorFlow's version, e.g. `2.21.0`. */
  get version(): string {
    return Deno.UnsafePointerView.getCString(this.symbols.TF_Version()!);
  }

  /**
   * Reads the status of the call just made: the only place that does.
   *
   * @param op What was called, for the message.
   * @throws {TensorFlowError} If the status is not OK.
   */
  check(op: string): void {
    const code = this.symbols.TF_GetCode(this.status);
    if (code === 0) return;
    throw new TensorFlowError(
      op,
      code,
      Deno.UnsafePointerView.getCString(this.symbols.TF_Message(this.status)!),
    );
  }

  [Symbol.dispose](): void {
    this.symbols.TF_DeleteStatus(this.status);
    this.#library.close();
  }
}

function load(path: string): Deno.DynamicLibrary<typeof symbols> {
  try {
    return Deno.dlopen(path, symbols);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Error(
      `Cannot load TensorFlow from ${path}: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Opens the library once more, for ever. Deno closes what an isolate has opened when the isolate ends; but TensorFlow's
 * threads and exit handlers live as long as the process, and would run code that is gone.
 */
function keepLoaded({ dlopen }: Symbols, path: string): void {
  dlopen?.(cString(path), RTLD_LAZY);
}

const encoder = new TextEncoder();

/** A C string: UTF-8 bytes and a final zero. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}
