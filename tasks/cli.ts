/**
 * From what was typed to a checked config and a run folder's name. Nothing is written here.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { nearest } from "../lib/base/nearest.ts";
import { configPaths } from "../lib/config/config_paths.ts";
import { parseConfig } from "../lib/config/parse_config.ts";
import type { Config, ConfigInput } from "../lib/config/schema.ts";
import { readRunConfig, runPaths } from "../lib/run/run_folder.ts";
import { searchSpaces } from "../lib/space/search_space.ts";
import { type Command, flagsOf, helpText, ownConfigNames } from "./commands.ts";
import { configs, defaultConfigName } from "./configs/mod.ts";
import { treeCrowns } from "./configs/tree_crowns.ts";
import { treeCrownsFolder } from "./tree_crowns.ts";
import { portFlag } from "./flag_values.ts";

/** What a command is to do: show its help, or run. */
export type Invocation =
  | { readonly help: string }
  | {
    readonly help: null;
    readonly config: Config;
    /** The run's folder; need not exist. */
    readonly runDir: string;
    /** Whether checkpoints of other versions, threads or seed are gone on from. */
    readonly approximate: boolean;
    /** Whether workers may listen where others can reach them. */
    readonly openPorts: boolean;
    /** Whether TensorBoard's event file is kept. */
    readonly tensorboard: boolean;
    /** The port of the dashboard, 0 for any free one; null if none is asked for. */
    readonly dashboardPort: number | null;
    /** The command's own flags, as typed, by name. */
    readonly flags: ReadonlyMap<string, string>;
  };

/**
 * Reads the flags, the config they name and the changes they make to it.
 *
 * @param command Whose arguments they are.
 * @param args E.g. `Deno.args`.
 * @throws {TypeError} If a flag or a field is unknown, or a value has the wrong type.
 * @throws {RangeError} If a value is outside its range.
 * @throws {SyntaxError} If a config file can't be parsed.
 */
export async function resolveConfig(command: Command, args: string[]): Promise<Invocation> {
  const given = givenFlags(command, args);
  if (given.help) return { help: helpText(command) };
  const base = await baseConfig(given.text.get("config"), given.text.get("run"));
  for (const [path, value] of changes(given, base.value)) setField(base.value, path, value);
  checkHasData(base);
  const runDir = given.text.get("run") ?? `runs/${base.value.name}`;
  await pinThreads(base.value, runDir);
  const config = parseConfig(base.value, [base.where, ...given.typed].join(" "));
  const { approximate, openPorts, tensorboard, text: flags } = given;
  const dashboardPort = portFlag(flags, "dashboard-port") ?? (given.dashboard ? 0 : null);
  return { help: null, config, runDir, approximate, openPorts, tensorboard, dashboardPort, flags };
}

interface GivenFlags {
  help: boolean;
  approximate: boolean;
  openPorts: boolean;
  tensorboard: boolean;
  dashboard: boolean;
  /** Values by flag, of those that are given. */
  text: Map<string, string>;
  /** `key.path=value`, in order. */
  settings: string[];
  /** The flags that change the config, as typed: for messages. */
  typed: string[];
}

function givenFlags(command: Command, args: string[]): GivenFlags {
  const flags = flagsOf(command);
  const valued = flags.filter((flag) => flag.value !== null).map((flag) => flag.name);
  const parsed = parseArgs(args, {
    string: valued,
    boolean: flags.filter((flag) => flag.value === null).map((flag) => flag.name),
    collect: ["set"],
    alias: { help: "h" },
    unknown: (arg: string): never => refuse(command, arg),
  });
  if (parsed._.length > 0) refuse(command, String(parsed._[0]));
  const settings = Array.isArray(parsed.set) ? parsed.set.map(String) : [];
  const text = new Map<string, string>();
  for (const name of valued) {
    const value: unknown = parsed[name];
    if (typeof value === "string") text.set(name, value);
    if (value === "" || (name === "set" && settings.includes(""))) throw noValue(command, name);
  }
  const typed = [...fieldOfFlag.keys()].filter((name) => text.has(name)).map((name) =>
    `--${name} ${text.get(name)}`
  );
  return {
    help: parsed.help === true,
    approximate: parsed["approximate"] === true,
    openPorts: parsed["open-ports"] === true,
    tensorboard: parsed["tensorboard"] === true,
    dashboard: parsed["dashboard"] === true,
    text,
    settings,
    typed: [...typed, ...settings.map((setting) => `--set ${setting}`)],
  };
}

function refuse(command: Command, arg: string): never {
  if (!arg.startsWith("-")) {
    throw new TypeError(`Cannot understand "${arg}": deno task ${command} takes flags only, see --help`);
  }
  const name = arg.replace(/=.*$/s, "");
  const best = nearest(name, flagsOf(command).map((flag) => `--${flag.name}`));
  throw new TypeError(`Cannot understand ${name}: there is no such flag; did you mean ${best}?`);
}

function noValue(command: Command, name: string): TypeError {
  const wanted = flagsOf(command).find((flag) => flag.name === name)?.value;
  return new TypeError(`Cannot understand --${name} without a value: wanted --${name} ${wanted}`);
}

/** A config as plain data, not yet checked. */
interface UncheckedConfig {
  value: Record<string, unknown>;
  /** Where it comes from, for messages. */
  where: string;
}

async function baseConfig(named: string | undefined, runDir: string | undefined): Promise<UncheckedConfig> {
  if (named !== undefined) return /[./\\]/.test(named) ? await configFile(named) : namedConfig(named);
  const stored = runDir === undefined ? null : await readRunConfig(runDir);
  if (stored === null) return namedConfig(defaultConfigName);
  return { value: { ...stored }, where: runPaths(runDir ?? "").config };
}

function namedConfig(name: string): UncheckedConfig {
  const config = configs.get(name);
  if (config !== undefined) return { value: withOwnData({ ...config }), where: `config ${name}` };
  const names = [...configs.keys()];
  throw new RangeError(
    `Cannot find config "${name}": there are ${ownConfigNames.join(", ")}, the paper's (see --help), or a ` +
      `FILE.json; did you mean ${nearest(name, names)}?`,
  );
}

/** The tree crowns lie in this machine's cache, which a config can't know. */
function withOwnData(config: ConfigInput): Record<string, unknown> {
  const { detectionData, ...rest } = structuredClone(config);
  if (rest.name !== treeCrowns.name || detectionData.kind !== "folder") return { ...rest, detectionData };
  return { ...rest, detectionData: { ...detectionData, path: treeCrownsFolder(Deno.env) ?? "" } };
}

async function configFile(path: string): Promise<UncheckedConfig> {
  const value = parseJsonText(await readConfigText(path), path);
  if (isRecord(value)) return { value, where: path };
  throw new TypeError(`Cannot read ${path}: it holds ${JSON.stringify(value)}, wanted an object`);
}

async function readConfigText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new RangeError(`Cannot read ${path}: there is no such file`, { cause });
  }
}

function parseJsonText(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`Cannot read ${path}: it is no JSON: ${reason}`, { cause });
  }
}

/** Which field a flag sets. */
const fieldOfFlag: ReadonlyMap<string, string> = new Map([
  ["data", "detectionData"],
  ["pretrain-data", "pretrainData"],
  ["architecture", "architecture"],
  ["supernet", "supernetRun"],
  ["workers", "workers"],
  ["device", "device.kind"],
  ["threads", "device.threads"],
  ["kernels", "device.kernels"],
  ["seed", "seed"],
]);

/** Fields and their new values: the flags' own first, so that `--set` has the last word. */
function changes(given: GivenFlags, config: Record<string, unknown>): [string, unknown][] {
  const own = [...fieldOfFlag].flatMap(([flag, path]): [string, unknown][] => {
    const text = given.text.get(flag);
    if (text === undefined) return [];
    return [[path, fieldValue(flag, text, config)]];
  });
  return [...own, ...given.settings.map(parseSetting)];
}

function fieldValue(flag: string, text: string, { detectionData }: Record<string, unknown>): unknown {
  const own = isRecord(detectionData) && detectionData.kind === "folder"
    ? detectionData
    : { searchImages: null };
  if (flag === "data") return { ...own, kind: "folder", path: text };
  if (flag === "pretrain-data") return { kind: "folder", path: text };
  return flag === "architecture" || flag === "supernet" ? text : jsonOrText(text);
}

function parseSetting(setting: string): [string, unknown] {
  const equals = setting.indexOf("=");
  if (equals > 0) return [setting.slice(0, equals), jsonOrText(setting.slice(equals + 1))];
  throw new TypeError(`Cannot understand --set ${setting}: wanted --set KEY.PATH=VALUE`);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function setField(config: Record<string, unknown>, path: string, value: unknown): void {
  const paths = configPaths();
  if (!paths.includes(path)) {
    throw new TypeError(`Cannot set ${path}: there is no such field; did you mean ${nearest(path, paths)}?`);
  }
  const keys = path.split(".");
  const last = keys.pop() ?? path;
  const parent = parentOf(config, keys, path);
  // A duration has one unit: naming the other replaces it.
  if (keys.at(-1) === "duration") { for (const unit of Object.keys(parent)) delete parent[unit]; }
  parent[last] = value;
}

function parentOf(
  config: Record<string, unknown>,
  keys: readonly string[],
  path: string,
): Record<string, unknown> {
  if (keys[0] === "space") config.space = spaceByName(config.space);
  let node = config;
  for (const [i, key] of keys.entries()) {
    const child = node[key];
    if (!isRecord(child)) {
      const parent = keys.slice(0, i + 1).join(".");
      throw new TypeError(
        `Cannot set ${path} as ${parent} is ${JSON.stringify(child)}: set ${parent} as a whole`,
      );
    }
    node = node[key] = { ...child };
  }
  return node;
}

function spaceByName(space: unknown): unknown {
  return Object.entries(searchSpaces).find(([name]) => name === space)?.[1] ?? space;
}

/** A config for a user's own data names no folder itself. */
function checkHasData({ value, where }: UncheckedConfig): void {
  const fields = [["detectionData", "data", "Pascal VOC's or COCO's"], [
    "pretrainData",
    "pretrain-data",
    "ImageNet's",
  ]];
  for (const [field, flag, layout] of fields) {
    const data = value[field];
    if (!isRecord(data) || data.kind !== "folder" || data.path !== "") continue;
    throw new RangeError(
      `Cannot use ${where} without images: give --${flag} DIR, a folder in ${layout} layout`,
    );
  }
}

/**
 * Where the threads are left open, a run keeps those it started with, as its sums depend on them; a new one gets
 * the cores shared out over its workers.
 */
async function pinThreads(config: Record<string, unknown>, runDir: string): Promise<void> {
  if (!isRecord(config.device) || config.device.threads !== null) return;
  const workers = typeof config.workers === "number" ? config.workers : 1;
  const share = Math.max(1, Math.floor(navigator.hardwareConcurrency / Math.max(1, workers)));
  config.device = { ...config.device, threads: (await readRunConfig(runDir))?.device.threads ?? share };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
