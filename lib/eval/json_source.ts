/**
 * A JSON file of long lists, read entry by entry from its bytes: no text of the whole file is made, so that a file
 * may be larger than the longest string, and what an entry holds is free again once it is read.
 *
 * @module
 */

/** A file's content and its name, which messages begin with. */
export interface JsonSource {
  /** UTF-8. */
  readonly bytes: Uint8Array;
  /** As the user gave it. */
  readonly file: string;
}

/** Where a value lies in a file's bytes. */
export interface JsonSpan {
  /** Of its first byte. */
  readonly begin: number;
  /** Past its last byte. */
  readonly end: number;
}

/** Entries are parsed in batches of about this size, as every call of the parser has its price. */
const batchBytes = 1 << 16;

const quote = 0x22, backslash = 0x5c, comma = 0x2c, colon = 0x3a;
const openList = 0x5b, closeList = 0x5d, openObject = 0x7b, closeObject = 0x7d;
const decoder = new TextDecoder();

/**
 * Finds the fields of the object that a file consists of. Their values are not parsed.
 *
 * @param source The file.
 * @param wanted What messages say the file should be, e.g. `an object with images`.
 * @returns Each field's value by name, the last where a name is there twice.
 * @throws {SyntaxError} If the file is not JSON as far as this looks, or no object.
 */
export function objectFields(source: JsonSource, wanted: string): Map<string, JsonSpan> {
  const { bytes } = source;
  const root = rootSpan(source, openObject, wanted);
  const fields = new Map<string, JsonSpan>();
  let at = skipSpace(bytes, root.begin + 1);
  while (at < root.end - 1) {
    const nameEnd = endOfValue(bytes, at);
    const begin = skipSpace(bytes, expect(source, skipSpace(bytes, nameEnd), [colon]) + 1);
    const end = endOfValue(bytes, begin);
    fields.set(String(parse(source, { begin: at, end: nameEnd }, "a field's name")), { begin, end });
    at = afterValue(source, end, closeObject);
  }
  return fields;
}

/**
 * The list that a file consists of.
 *
 * @param source The file.
 * @param wanted What messages say the file should be, e.g. `a list of results`.
 * @throws {SyntaxError} If the file is not JSON as far as this looks, or no list.
 */
export function rootList(source: JsonSource, wanted: string): JsonSpan {
  return rootSpan(source, openList, wanted);
}

/**
 * Parses a list's entries one after the other.
 *
 * @param source The file.
 * @param list Where the list lies.
 * @param name What messages call the list, e.g. `annotations`.
 * @throws {SyntaxError} If it is no list, or an entry is not JSON: the message has entry, line and column.
 */
export function* listEntries(source: JsonSource, list: JsonSpan, name: string): Generator<unknown> {
  const { bytes } = source;
  if (bytes[list.begin] !== openList) throw wrongValue(source, list, name, "a list");
  let begins: number[] = [];
  let index = 0;
  for (let at = skipSpace(bytes, list.begin + 1); at < list.end - 1;) {
    begins.push(at);
    const end = endOfValue(bytes, at);
    at = afterValue(source, end, closeList);
    if (end - begins[0] < batchBytes && at < list.end - 1) continue;
    yield* parseBatch(source, begins, end, { name, index });
    index += begins.length;
    begins = [];
  }
}

/** A list, and the number of one of its entries. */
interface Place {
  readonly name: string;
  readonly index: number;
}

function parseBatch(source: JsonSource, begins: readonly number[], end: number, first: Place): unknown[] {
  try {
    return JSON.parse(`[${decoder.decode(source.bytes.subarray(begins[0], end))}]`);
  } catch {
    // Which of them it was: each on its own.
    return begins.map((begin, i) => {
      const span = { begin, end: endOfValue(source.bytes, begin) };
      return parse(source, span, `${first.name}[${first.index + i}]`);
    });
  }
}

function parse(source: JsonSource, { begin, end }: JsonSpan, what: string): unknown {
  const text = decoder.decode(source.bytes.subarray(begin, end));
  try {
    return JSON.parse(text);
  } catch (cause) {
    const no = noNumber(text);
    if (no === null) throw unreadable(source, begin, `${what} is no JSON: ${shown(text)}`, cause);
    const before = text.slice(0, no.at);
    const name = before.match(/"((?:[^"\\]|\\.)*)"\s*:[^"]*$/s)?.[1];
    const where = name === undefined ? what : `${what}.${name}`;
    throw unreadable(
      source,
      begin + new TextEncoder().encode(before).length,
      `${where} holds ${no.word} (${shown(text.slice(Math.max(0, no.at - 20)))}), wanted finite numbers`,
      cause,
    );
  }
}

/** Python's json writes NaN and Infinity, which JSON does not have. */
function noNumber(text: string): { word: string; at: number } | null {
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gs)) {
    if (!match[0].startsWith('"')) return { word: match[0], at: match.index };
  }
  return null;
}

/** The file's one value, which must begin with the byte given. */
function rootSpan(source: JsonSource, first: number, wanted: string): JsonSpan {
  const { bytes, file } = source;
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf; // byte order mark
  const begin = skipSpace(bytes, hasMark ? 3 : 0);
  if (begin === bytes.length) throw new SyntaxError(`Cannot read ${file}: it is empty, wanted ${wanted}`);
  const span = { begin, end: endOfValue(bytes, begin) };
  if (bytes[begin] !== first) throw wrongValue(source, span, "the file", wanted);
  if (span.end > bytes.length) {
    throw unreadable(source, bytes.length, "the file ends before what it began is closed: is it cut off?");
  }
  const rest = skipSpace(bytes, span.end);
  if (rest === bytes.length) return span;
  const found = shown(decoder.decode(bytes.subarray(rest, rest + 60)));
  throw unreadable(source, rest, `something follows the end of what the file holds: ${found}`);
}

/** Past the value's last byte; past the end of the file if the value isn't closed. */
function endOfValue(bytes: Uint8Array, begin: number): number {
  const first = bytes[begin];
  if (first === quote) return endOfText(bytes, begin);
  if (first !== openList && first !== openObject) return endOfWord(bytes, begin);
  let depth = 0;
  for (let i = begin; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === quote) i = endOfText(bytes, i) - 1;
    else if (byte === openList || byte === openObject) depth++;
    else if ((byte === closeList || byte === closeObject) && --depth === 0) return i + 1;
  }
  return bytes.length + 1;
}

function endOfText(bytes: Uint8Array, begin: number): number {
  for (let i = begin + 1; i < bytes.length; i++) {
    if (bytes[i] === quote) return i + 1;
    if (bytes[i] === backslash) i++;
  }
  return bytes.length + 1;
}

/** A number, true, false, null, or what should be one of these. */
function endOfWord(bytes: Uint8Array, begin: number): number {
  let i = begin;
  while (i < bytes.length && !isSpace(bytes[i]) && !isSeparator(bytes[i])) i++;
  return i;
}

function isSeparator(byte: number): boolean {
  return byte === comma || byte === colon || byte === closeList || byte === closeObject;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpace(bytes: Uint8Array, begin: number): number {
  let i = begin;
  while (i < bytes.length && isSpace(bytes[i])) i++;
  return i;
}

/** Where the next value or name begins, or past the sign that closes what they stand in. */
function afterValue(source: JsonSource, end: number, close: number): number {
  const { bytes } = source;
  const separator = expect(source, skipSpace(bytes, end), [comma, close]);
  const next = skipSpace(bytes, separator + 1);
  if (bytes[separator] === close || bytes[next] !== close) return next;
  throw unreadable(source, separator, `it is no JSON: nothing follows a comma`);
}

/** Where a byte stands that is one of those wanted: `at`. */
function expect(source: JsonSource, at: number, wanted: readonly number[]): number {
  if (wanted.includes(source.bytes[at])) return at;
  const found = shown(decoder.decode(source.bytes.subarray(at, at + 60)));
  const signs = wanted.map((byte) => String.fromCharCode(byte)).join(" or ");
  throw unreadable(source, at, `it is no JSON: ${found} stands where ${signs} is wanted`);
}

function wrongValue(source: JsonSource, { begin, end }: JsonSpan, what: string, wanted: string): SyntaxError {
  const found = shown(decoder.decode(source.bytes.subarray(begin, Math.min(end, begin + 60))));
  return new SyntaxError(`Cannot read ${source.file}: ${what} is ${found}, wanted ${wanted}`);
}

function unreadable({ bytes, file }: JsonSource, at: number, fault: string, cause?: unknown): SyntaxError {
  const before = decoder.decode(bytes.subarray(bytes.lastIndexOf(0x0a, at - 1) + 1, at));
  const line = bytes.subarray(0, at).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
  return new SyntaxError(`Cannot read ${file}: line ${line}, column ${before.length + 1}: ${fault}`, {
    cause,
  });
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 50 ? `${line.slice(0, 50)}…` : line;
}
