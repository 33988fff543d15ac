/**
 * TensorFlow's JPEG decoder on its own: for threads that load images, which need no backend.
 *
 * @module
 */
import { AttributeType, type OpAttribute } from "./attributes.ts";
import { DataType } from "./data_type.ts";
import { EagerContext } from "./eager_context.ts";
import { TensorFlowLibrary } from "./tensorflow_library.ts";

/** Pixels `[height, width, 3]` uint8, RGB. */
export interface DecodedJpeg {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The pixels. */
  readonly data: Uint8Array;
}

/** Decodes on the calling thread. */
export interface JpegDecoding extends Disposable {
  /**
   * Decodes to RGB.
   *
   * @throws {TensorFlowError} If the bytes are no whole JPEG.
   */
  decode(bytes: Uint8Array): DecodedJpeg;
}

/** Accurate: the pixels that libjpeg-turbo gives by default, and so sharp and Pillow. */
const attributes: readonly OpAttribute[] = [
  { name: "channels", type: AttributeType.int, value: 3 },
  { name: "dct_method", type: AttributeType.string, value: "INTEGER_ACCURATE" },
];

/**
 * Opens a decoder.
 *
 * @param libraryPath As `startEngine`'s; the library is loaded once a process, whoever asks.
 */
export function openJpegDecoder(libraryPath: string): JpegDecoding {
  const library = new TensorFlowLibrary(libraryPath);
  const context = new EagerContext(library, { intraOpThreads: 1, interOpThreads: 1, isGpuVisible: false });
  return {
    decode: (bytes): DecodedJpeg => decode(context, bytes),
    [Symbol.dispose](): void {
      context[Symbol.dispose]();
      library[Symbol.dispose]();
    },
  };
}

function decode(context: EagerContext, bytes: Uint8Array): DecodedJpeg {
  const contents = context.newHandle([], DataType.string, [bytes]);
  try {
    const [pixels] = context.execute("DecodeJpeg", attributes, [contents], 1);
    try {
      const [height, width] = context.shape(pixels);
      return { width, height, data: context.read(pixels) as Uint8Array };
    } finally {
      context.deleteHandle(pixels);
    }
  } finally {
    context.deleteHandle(contents);
  }
}
