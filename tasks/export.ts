/**
 * `deno task export`: writes a run's retrained network in the formats of others. It reads the run and opens nothing:
 * no worker, no engine.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { nearest } from "../lib/base/nearest.ts";
import type { ExportedPart } from "../lib/export/description.ts";
import { runPaths } from "../lib/run/run_folder.ts";
import { type ExportFormat, exportFormats, exportNetwork, type ExportOptions } from "../lib/stages/export.ts";
import { readTrainedNetwork } from "../lib/stages/trained_network.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { sayIfApproximate } from "./ending.ts";
import { indexStore } from "./index_store.ts";
import { runTask } from "./run_task.ts";
import { TextOutput } from "./text_output.ts";

/** What was typed. */
export interface ExportInvocation extends ExportOptions {
  /** Whether help was asked for. */
  readonly help: boolean;
  readonly runDir: string;
  /** Where the images with boxes are now; null is where the run found them. */
  readonly dataDir: string | null;
}

const formatNames = Object.keys(exportFormats) as ExportFormat[];
const valued = ["run", "format", "part", "output", "data"];

/** The command's help text. */
export const exportHelp = `deno task export --run DIR [flags]

Writes a run's retrained network in another format, with a JSON file that says what images it takes.

  --run DIR      the run
  --format NAME  ${formatNames.join(", ")}; default: ${formatNames[0]}
  --part NAME    detector or backbone; default: the first that the format takes
  --output DIR   where the files go; default: DIR/export/NAME
  --data DIR     images with boxes, if they have moved since the run: the classes' names are in there
  --help         shows this

${
  formatNames.map((name) =>
    `  ${name.padEnd(13)}  ${exportFormats[name].help} (${exportFormats[name].parts.join(", ")})`
  ).join("\n")
}
`;

/** The command. */
export async function main(args: string[]): Promise<void> {
  const { help, runDir, dataDir, ...options } = parseExport(args);
  if (help) return console.log(exportHelp);

  const network = await readTrainedNetwork(runDir, new DataSets(indexStore()), dataDir);
  const { paths, usage } = await exportNetwork(network, options);

  using output = new TextOutput();
  for (const path of paths) output.tell({ event: "wrote", paths: [path] });
  await sayIfApproximate({ dir: runDir, paths: runPaths(runDir) }, output);
  output.tell({ event: "result", lines: ["use it:", ...usage.map((line) => `  ${line}`)], values: {} });
}

/**
 * Reads the arguments.
 *
 * @throws {TypeError} If a flag is unknown or lacks its value, or no run is named.
 * @throws {RangeError} If there is no such format, or it doesn't take the part.
 */
export function parseExport(args: string[]): ExportInvocation {
  const parsed = parseArgs(args, {
    string: valued,
    boolean: ["help"],
    alias: { help: "h" },
    unknown: (arg: string): never => refuse(arg),
  });
  const given = new Map(valued.flatMap((name): [string, string][] => {
    const value: unknown = parsed[name];
    if (value === "") throw new TypeError(`Cannot understand --${name} without a value, see --help`);
    return typeof value === "string" ? [[name, value]] : [];
  }));
  const runDir = given.get("run")?.replace(/(.)[/\\]+$/, "$1");
  if (runDir === undefined && !parsed.help) {
    throw new TypeError("Cannot export without a run: wanted --run DIR, a run folder");
  }
  const format = oneOf("format", given.get("format") ?? formatNames[0], formatNames);
  const part = partOf(format, given.get("part"));
  const outputDir = given.get("output") ?? `${runDir}/export/${format}`;
  return {
    help: parsed.help === true,
    runDir: runDir ?? "",
    dataDir: given.get("data") ?? null,
    format,
    part,
    outputDir,
  };
}

function partOf(format: ExportFormat, text: string | undefined): ExportedPart {
  const { parts } = exportFormats[format];
  if (text === undefined) return parts[0];
  const part = oneOf<ExportedPart>("part", text, ["detector", "backbone"]);
  if (parts.includes(part)) return part;
  throw new RangeError(`Cannot export a ${part} as ${format}: it takes ${parts.join(" or ")}`);
}

function oneOf<T extends string>(flag: string, text: string, names: readonly T[]): T {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new RangeError(
    `Cannot understand --${flag} ${text}: there are ${names.join(", ")}; did you mean ${
      nearest(text, names)
    }?`,
  );
}

function refuse(arg: string): never {
  if (!arg.startsWith("-")) {
    throw new TypeError(`Cannot understand "${arg}": deno task export takes flags only, see --help`);
  }
  const name = arg.replace(/=.*$/s, "");
  const best = nearest(name, [...valued, "help"].map((flag) => `--${flag}`));
  throw new TypeError(`Cannot understand ${name}: there is no such flag; did you mean ${best}?`);
}

if (import.meta.main) await runTask(main);
