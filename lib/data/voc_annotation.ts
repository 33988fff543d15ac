/**
 * Parses Pascal VOC's annotation files.
 *
 * @module
 */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { BoxXyxy } from "./annotated_box.ts";
import { checkRelativePath } from "./data_folder.ts";

/** One `<object>`, as written. */
export interface VocObject {
  /** The class. */
  readonly name: string;
  /** VOC's `difficult`. */
  readonly isDifficult: boolean;
  /** xmin, ymin, xmax, ymax: 1-based, the last pixel included. */
  readonly corners: BoxXyxy;
}

/** One annotation file, as written. */
export interface VocAnnotation {
  /** Relative to the data folder. */
  readonly file: string;
  /** From `size`. */
  readonly widthPx: number;
  /** From `size`. */
  readonly heightPx: number;
  /** In the order of the file. */
  readonly objects: readonly VocObject[];
}

/** What is wrong with XML; of elements left open at its end the parser says no line, and lists them as JSON. */
function faultOf({ msg, line }: { readonly msg: string; readonly line: number }): string {
  const open = msg.match(/^Invalid '\[(.*)\]' found\.$/s)?.[1].match(/(?<=")[^"]+(?=")/g)
    ?.filter((name) => !/^[\s,]+$/.test(name));
  if (!open) return `line ${line}: ${msg}`;
  return `it ends before its elements ${open.join(" and ")} do: it may have been cut short`;
}

/**
 * Parses one annotation file.
 *
 * @param text The XML.
 * @param file Its path relative to the data folder, for messages.
 */
export function parseVocAnnotation(text: string, file: string): VocAnnotation {
  const validity = XMLValidator.validate(text);
  if (validity !== true) {
    throw new SyntaxError(`Cannot parse ${file}: ${faultOf(validity.err)}`);
  }
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "object" });
  const root = field(parser.parse(text), "annotation");
  if (!isNode(root)) throw new SyntaxError(`Cannot read ${file}: it has no element annotation`);
  const filename = field(root, "filename");
  if (typeof filename === "string" && filename !== "") checkRelativePath(filename, `${file}: filename`);
  const objects = field(root, "object");
  return {
    file,
    widthPx: sizeOf(root, "width", file),
    heightPx: sizeOf(root, "height", file),
    objects: Array.isArray(objects) ? objects.map((node, i) => readObject(node, i, file)) : [],
  };
}

function readObject(node: unknown, index: number, file: string): VocObject {
  const name = field(node, "name");
  if (typeof name !== "string" || name === "") {
    throw new SyntaxError(`Cannot read ${file}: object ${index + 1} has no name`);
  }
  const where = `object ${index + 1} (${name})`;
  const difficult = field(node, "difficult") ?? "0";
  if (difficult !== "0" && difficult !== "1") {
    throw new RangeError(`Cannot read ${file}: ${where}: difficult is ${shown(difficult)}, wanted 0 or 1`);
  }
  const box = field(node, "bndbox");
  const corner = (key: string): number => numberOf(field(box, key), `${where}: bndbox.${key}`, file);
  return {
    name,
    isDifficult: difficult === "1",
    corners: [corner("xmin"), corner("ymin"), corner("xmax"), corner("ymax")],
  };
}

function sizeOf(root: unknown, key: string, file: string): number {
  const value = numberOf(field(field(root, "size"), key), `size.${key}`, file);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`Cannot read ${file}: size.${key} is ${value}, wanted a whole number above 0`);
}

function numberOf(value: unknown, where: string, file: string): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
  if (Number.isFinite(number)) return number;
  throw new SyntaxError(`Cannot read ${file}: ${where} is ${shown(value)}, wanted a number`);
}

function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function field(node: unknown, name: string): unknown {
  return isNode(node) ? node[name] : undefined;
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
