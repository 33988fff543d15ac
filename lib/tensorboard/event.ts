/**
 * TensorBoard's events as protocol buffers (`event.proto`, `summary.proto` of TensorFlow), those of them that a run
 * needs.
 *
 * @module
 */
import { bytesField, numberField } from "../base/protobuf.ts";

/** When and where something was measured. */
export interface EventPlace {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** What TensorBoard's x axis shows. */
  readonly step: number;
}

/** Named numbers of one step. */
export interface ScalarEvent extends EventPlace {
  /** By tag; what stands before a tag's first slash groups them. */
  readonly scalars: Readonly<Record<string, number>>;
}

/** A text in Markdown. */
export interface TextEvent extends EventPlace {
  readonly tag: string;
  readonly text: string;
}

/** An encoded picture. */
export interface ImageEvent extends EventPlace {
  readonly tag: string;
  /** PNG or JPEG, in RGB. */
  readonly bytes: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** `DT_STRING` of `types.proto`. */
const stringType = 7;
/** Channels of an image: RGB. */
const rgbColorspace = 3;
/** `SessionLog.START`. */
const sessionStart = 1;

/** What a file of events begins with. */
export function versionEvent(wallMs: number): Uint8Array<ArrayBuffer> {
  return event({ wallMs, step: 0 }, bytesField(3, "brain.Event:2"));
}

/** Tells readers to forget what they have read of a run from a step on, as it follows anew. */
export function restartEvent(place: EventPlace): Uint8Array<ArrayBuffer> {
  return event(place, bytesField(7, numberField(1, sessionStart)));
}

/** Numbers. */
export function scalarEvent({ scalars, ...place }: ScalarEvent): Uint8Array<ArrayBuffer> {
  const values = Object.entries(scalars).flatMap(([tag, value]) =>
    bytesField(1, [...bytesField(1, tag), ...floatField(2, value)])
  );
  return event(place, bytesField(5, values));
}

/** A text. */
export function textEvent({ tag, text, ...place }: TextEvent): Uint8Array<ArrayBuffer> {
  const oneEntry = bytesField(2, bytesField(2, numberField(1, 1)));
  const tensor = [...numberField(1, stringType), ...oneEntry, ...bytesField(8, text)];
  const plugin = bytesField(1, bytesField(1, "text"));
  const value = [...bytesField(1, tag), ...bytesField(8, tensor), ...bytesField(9, plugin)];
  return event(place, bytesField(5, bytesField(1, value)));
}

/** A picture. */
export function imageEvent(
  { tag, bytes, widthPx, heightPx, ...place }: ImageEvent,
): Uint8Array<ArrayBuffer> {
  const size = [...numberField(1, heightPx), ...numberField(2, widthPx), ...numberField(3, rgbColorspace)];
  const image = [...size, ...bytesField(4, [...bytes])];
  return event(place, bytesField(5, bytesField(1, [...bytesField(1, tag), ...bytesField(4, image)])));
}

function event({ wallMs, step }: EventPlace, what: readonly number[]): Uint8Array<ArrayBuffer> {
  const place = step === 0 ? [] : numberField(2, step); // zeros are left out, as protobuf's own writers do
  return new Uint8Array([...doubleField(1, wallMs / 1000), ...place, ...what]);
}

/** A 64-bit floating-point field; its wire type is 1. */
function doubleField(number: number, value: number): number[] {
  return [number * 8 + 1, ...new Uint8Array(littleEndian(8, (view) => view.setFloat64(0, value, true)))];
}

/** A 32-bit floating-point field; its wire type is 5. */
function floatField(number: number, value: number): number[] {
  return [number * 8 + 5, ...new Uint8Array(littleEndian(4, (view) => view.setFloat32(0, value, true)))];
}

function littleEndian(bytes: number, set: (view: DataView) => void): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes);
  set(new DataView(buffer));
  return buffer;
}
