/**
 * The part of `@std/cli`'s `parseArgs` that this project uses, over `node:util`, which splits the arguments into
 * flags and positionals; what a flag means (does it take the next argument, is it repeated) is decided here.
 * Left out: `stopEarly`, dotted names, and digits glued to short flags.
 *
 * @module
 */
import { parseArgs as tokenize } from "node:util";

/** How arguments are understood; names are given without their dashes. */
export interface ParseOptions {
  /** Flags whose value stays text; one without a value is "". */
  string?: string | readonly string[];
  /** Flags without a value, false unless given; true makes every undeclared flag such a one. */
  boolean?: boolean | string | readonly string[];
  /** Boolean flags that `--no-NAME` turns off. */
  negatable?: string | readonly string[];
  /** Flags that may be repeated and become arrays. */
  collect?: string | readonly string[];
  /** Values of flags that are not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Other names of flags; every name gets the value. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Keeps what follows `--` apart, under that key. */
  "--"?: boolean;
  /** Called with each argument that is not declared; false leaves it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Values by flag name; positionals under `_`. */
export interface ParsedArgs {
  /** A flag's value, under each of its names. */
  [name: string]: unknown;
  /** Arguments that are no flags and no flag's value; those that read as numbers are numbers. */
  _: (string | number)[];
}

/**
 * Parses command line arguments.
 *
 * @param args The arguments, e.g. `Deno.args`.
 * @param options What flags there are.
 * @returns Values by flag name, and positionals under `_`.
 */
export function parseArgs(
  args: string[],
  options: ParseOptions = {},
): ParsedArgs {
  const flags = declaredFlags(options);
  const parsed: ParsedArgs = { _: [] };
  const end = args.indexOf("--");
  const [before, after] = end === -1 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
  for (const argument of argumentsOf(before, flags)) {
    if (argument.key === null) addPositional(parsed, flags, argument.arg);
    else setFlag(parsed, flags, argument.key, argument.value, argument.arg);
  }
  setDefaults(parsed, flags, options.default ?? {});
  if (options["--"] === true) parsed["--"] = after;
  else parsed._.push(...after);
  return parsed;
}

interface DeclaredFlags {
  strings: ReadonlySet<string>;
  booleans: ReadonlySet<string>;
  allBooleans: boolean;
  negatables: ReadonlySet<string>;
  collected: ReadonlySet<string>;
  /** Each name to all its names, itself first. */
  names: ReadonlyMap<string, readonly string[]>;
  unknown: NonNullable<ParseOptions["unknown"]>;
}

function declaredFlags(options: ParseOptions): DeclaredFlags {
  const names = new Map<string, readonly string[]>();
  for (const [name, others] of Object.entries(options.alias ?? {})) {
    const all = [name, ...asList(others)];
    for (const each of all) {
      names.set(each, [
        each,
        ...all.filter((other) => other !== each),
      ]);
    }
  }
  const withAliases = (
    keys: string | readonly string[] | undefined,
  ): Set<string> => new Set(asList(keys).flatMap((key) => names.get(key) ?? [key]));
  return {
    strings: withAliases(options.string),
    booleans: withAliases(
      typeof options.boolean === "boolean" ? [] : options.boolean,
    ),
    allBooleans: options.boolean === true,
    negatables: withAliases(options.negatable),
    collected: withAliases(options.collect),
    names,
    unknown: options.unknown ?? ((): boolean => true),
  };
}

/** One flag with its value, or (key null) one positional; `arg` is the argument as typed. */
interface Argument {
  arg: string;
  key: string | null;
  value: string | boolean;
}

function argumentsOf(args: string[], flags: DeclaredFlags): Argument[] {
  const { tokens } = tokenize({
    args,
    options: {},
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const found: Argument[] = [];
  for (let t = 0; t < tokens.length; t++) {
    const [token, next] = [tokens[t], tokens[t + 1]];
    const arg = args[token.index];
    if (token.kind !== "option") {
      found.push({ arg, key: null, value: "" });
      continue;
    }
    const following = next?.kind === "positional" && !next.value.startsWith("-") ? next.value : "";
    const { key, value, takesNext } = readFlag(flags, token, following);
    found.push({ arg, key, value });
    if (takesNext) t++;
  }
  return found;
}

interface ReadFlag {
  key: string;
  value: string | boolean;
  takesNext: boolean;
}

/** Decides a flag's value: its own (`--a=b`), the following argument, or none. */
function readFlag(
  flags: DeclaredFlags,
  token: { name: string; rawName: string; value?: string | undefined },
  following: string,
): ReadFlag {
  const { name: key, value } = token;
  const isBoolean = flags.booleans.has(key);
  if (value !== undefined) {
    return {
      key,
      value: isBoolean ? value === "true" : value,
      takesNext: false,
    };
  }
  const negated = token.rawName.startsWith("--no-") ? key.slice("no-".length) : "";
  if (flags.negatables.has(negated)) {
    return { key: negated, value: false, takesNext: false };
  }
  if (following !== "" && !isBoolean && !flags.allBooleans) {
    return { key, value: following, takesNext: true };
  }
  if (/^(true|false)$/.test(following)) {
    return { key, value: following === "true", takesNext: true };
  }
  return { key, value: flags.strings.has(key) ? "" : true, takesNext: false };
}

function setFlag(
  parsed: ParsedArgs,
  flags: DeclaredFlags,
  key: string,
  value: string | boolean,
  arg: string,
): void {
  const isDeclared = flags.booleans.has(key) || flags.strings.has(key) ||
    flags.names.has(key) ||
    (flags.allBooleans && /^--[^=]+$/.test(arg));
  if (!isDeclared && flags.unknown(arg, key, value) === false) return;
  const typed = typeof value === "string" && !flags.strings.has(key) ? numberOrText(value) : value;
  for (const name of flags.names.get(key) ?? [key]) {
    const earlier = parsed[name];
    if (!flags.collected.has(key)) parsed[name] = typed;
    else parsed[name] = Array.isArray(earlier) ? [...earlier, typed] : [typed];
  }
}

function addPositional(
  parsed: ParsedArgs,
  flags: DeclaredFlags,
  arg: string,
): void {
  if (flags.unknown(arg) === false) return;
  parsed._.push(flags.strings.has("_") ? arg : numberOrText(arg));
}

function setDefaults(
  parsed: ParsedArgs,
  flags: DeclaredFlags,
  defaults: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries(defaults)) {
    if (key in parsed) continue;
    for (const name of flags.names.get(key) ?? [key]) parsed[name] = value;
  }
  for (const key of flags.booleans) {
    parsed[key] ??= flags.collected.has(key) ? [] : false;
  }
  for (const key of flags.strings) {
    if (flags.collected.has(key)) parsed[key] ??= [];
  }
}

function asList(
  value: string | readonly string[] | undefined,
): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

function numberOrText(text: string): string | number {
  const isNumber = /^0x[0-9a-f]+$/i.test(text) ||
    /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i.test(text);
  return isNumber ? Number(text) : text;
}
