/**
 * Reads a JSON file of any size: an object whose lists may be longer than memory. The file is cut into the
 * lists' elements, byte by byte; each element is then parsed by itself.
 *
 * A text longer than half a gigabyte can't exist in JavaScript, and COCO's training annotations come close.
 *
 * @module
 */
import { joinBytes } from "../base/join_bytes.ts";

/** One element of one of the object's lists, or a member that is no list. */
export interface JsonPart {
  /** The member's name. */
  readonly key: string;
  /** Index in its list; null for the whole of a member that is no list, and (value undefined) for a list's start. */
  readonly index: number | null;
  /** As `JSON.parse` gives it. */
  readonly value: unknown;
}

/** What is wanted next. */
type Place =
  | "object"
  | "first key"
  | "key"
  | "colon"
  | "value"
  | "first element"
  | "element"
  | "after element"
  | "after value"
  | "end";

/** Longest element in bytes: far more than any annotation has. */
const maxPartBytes = 64 * 2 ** 20;

const [quote, backslash, comma, colon] = [...'"\\,:'].map((char) => char.charCodeAt(0));
const [openBrace, closeBrace, openBracket, closeBracket] = [..."{}[]"].map((char) => char.charCodeAt(0));

/** Takes a file chunk by chunk and gives its parts in their order. */
export class JsonListReader {
  readonly #file: string;
  readonly #onPart: (part: JsonPart) => void;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #keys = new Set<string>();
  #place: Place = "object";
  #key = "";
  #index = 0;
  /** Bytes read before this chunk. */
  #offset = 0;
  /** Bytes of an unfinished value from earlier chunks; null between values. */
  #begun: Uint8Array[] | null = null;
  #begunBytes = 0;
  #depth = 0;
  #isInText = false;
  #isEscaped = false;

  /**
   * @param file Its name, for messages.
   * @param onPart Told each part; a list also when it begins.
   */
  constructor(file: string, onPart: (part: JsonPart) => void) {
    this.#file = file;
    this.#onPart = onPart;
  }

  /**
   * Takes the next bytes; they may be used again afterwards.
   *
   * @throws {SyntaxError} If the file is no JSON or no object, naming the file and the part or the byte.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#begun !== null) at = this.#goOn(chunk, at);
      else if (isSpace(chunk[at])) at++;
      else at = this.#step(chunk, at);
    }
    this.#offset += chunk.length;
  }

  /** Says that there are no more bytes; throws if some are missing. */
  end(): void {
    if (this.#place === "end" && this.#begun === null) return;
    throw new SyntaxError(
      `Cannot parse ${this.#file}: it ends after ${this.#offset} bytes, inside ${this.#where()}`,
    );
  }

  /** One character of the outer structure; gives where the next one is. */
  #step(chunk: Uint8Array, at: number): number {
    const byte = chunk[at];
    switch (this.#place) {
      case "object":
        return byte === openBrace ? this.#next("first key", at) : this.#wrong(at, byte, "an object");
      case "first key":
      case "key":
        if (byte === closeBrace && this.#place === "first key") return this.#next("end", at);
        return byte === quote ? this.#begin(chunk, at) : this.#wrong(at, byte, "a key");
      case "colon":
        return byte === colon ? this.#next("value", at) : this.#wrong(at, byte, "a colon");
      case "value":
        return byte === openBracket ? this.#beginList(at) : this.#begin(chunk, at);
      case "first element":
      case "element":
        if (byte === closeBracket && this.#place === "first element") return this.#next("after value", at);
        return this.#begin(chunk, at);
      case "after element":
        if (byte === closeBracket) return this.#next("after value", at);
        return byte === comma ? this.#next("element", at) : this.#wrong(at, byte, "a comma or ]");
      case "after value":
        if (byte === closeBrace) return this.#next("end", at);
        return byte === comma ? this.#next("key", at) : this.#wrong(at, byte, "a comma or }");
      case "end":
        return this.#wrong(at, byte, "nothing more");
    }
  }

  #next(place: Place, at: number): number {
    this.#place = place;
    return at + 1;
  }

  #beginList(at: number): number {
    this.#index = 0;
    this.#onPart({ key: this.#key, index: null, value: undefined });
    return this.#next("first element", at);
  }

  #begin(chunk: Uint8Array, at: number): number {
    this.#begun = [];
    this.#begunBytes = this.#depth = 0;
    this.#isInText = this.#isEscaped = false;
    return this.#goOn(chunk, at);
  }

  /** Goes to the value's end, or to the chunk's. */
  #goOn(chunk: Uint8Array, at: number): number {
    const end = this.#valueEnd(chunk, at);
    const part = chunk.subarray(at, end ?? chunk.length);
    this.#begunBytes += part.length;
    if (this.#begunBytes > maxPartBytes) {
      throw new SyntaxError(
        `Cannot parse ${this.#file}: ${this.#where()} is longer than ${maxPartBytes} bytes`,
      );
    }
    if (end === null) {
      this.#begun?.push(part.slice());
      return chunk.length;
    }
    const begun = this.#begun ?? [];
    const bytes = begun.length === 0 ? part : joinBytes([...begun, part]);
    this.#begun = null;
    this.#finish(bytes);
    return end;
  }

  /** Where the value that is under way ends; null if not in this chunk. */
  #valueEnd(chunk: Uint8Array, start: number): number | null {
    let [depth, isInText, isEscaped] = [this.#depth, this.#isInText, this.#isEscaped];
    const isGoingOn = this.#begunBytes > 0;
    for (let i = start; i < chunk.length; i++) {
      const byte = chunk[i];
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) {
          isInText = false;
          if (depth === 0) return i + 1;
        }
      } else if (byte === quote) {
        if (depth === 0 && (isGoingOn || i > start)) return i; // not JSON: what is before it is parsed and refused
        isInText = true;
      } else if (byte === openBrace || byte === openBracket) depth++;
      else if (byte === closeBrace || byte === closeBracket) {
        if (depth === 0) return i;
        if (--depth === 0) return i + 1;
      } else if (depth === 0 && (byte === comma || isSpace(byte))) return i;
    }
    [this.#depth, this.#isInText, this.#isEscaped] = [depth, isInText, isEscaped];
    return null;
  }

  #finish(bytes: Uint8Array): void {
    const value = this.#parse(bytes);
    if (this.#place === "first key" || this.#place === "key") return this.#takeKey(String(value));
    if (this.#place === "value") {
      this.#onPart({ key: this.#key, index: null, value });
      this.#place = "after value";
    } else {
      this.#onPart({ key: this.#key, index: this.#index++, value });
      this.#place = "after element";
    }
  }

  #takeKey(key: string): void {
    if (this.#keys.has(key)) {
      throw new SyntaxError(`Cannot parse ${this.#file}: its member ${JSON.stringify(key)} is there twice`);
    }
    this.#keys.add(key);
    this.#key = key;
    this.#place = "colon";
  }

  #parse(bytes: Uint8Array): unknown {
    try {
      return JSON.parse(this.#decoder.decode(bytes));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SyntaxError(`Cannot parse ${this.#file}: ${this.#where()}: ${reason}`, { cause });
    }
  }

  #where(): string {
    if (this.#place === "value" || this.#place === "colon") return this.#key;
    if (this.#place.endsWith("element")) return `${this.#key}[${this.#index}]`;
    return "the top level";
  }

  #wrong(at: number, byte: number, wanted: string): never {
    const found = JSON.stringify(String.fromCharCode(byte));
    throw new SyntaxError(
      `Cannot parse ${this.#file}: ${this.#where()}: byte ${this.#offset + at} is ${found}, wanted ${wanted}`,
    );
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
