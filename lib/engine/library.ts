/**
 * Where libtensorflow comes from: what `DETNAS_LIBTENSORFLOW` names, the project's cache, an installed Python
 * TensorFlow, or (last, and only when asked for) fetched with the user's pip. Loading it is not done here, so
 * none of this needs `--allow-ffi`.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { withoutLibraryPath } from "../base/child_environment.ts";
import type { FetchProgress } from "../fetch/fetch_wheels.ts";
import { commandError } from "../fetch/pip.ts";
import { buildFolder, fetchBuild } from "./fetch_library.ts";
import {
  cacheFolder,
  type DeviceKind,
  type EngineBuild,
  engineBuild,
  type Environment,
  libraryPath,
} from "./platform.ts";

export type { FetchProgress } from "../fetch/fetch_wheels.ts";
export type { Wheel } from "../fetch/wheel.ts";
export type { DeviceKind, EngineBuild, Environment } from "./platform.ts";

/** A libtensorflow on this machine. */
export interface EngineLibrary {
  /** Absolute path, for `dlopen`. */
  readonly path: string;
  /** Folders of CUDA's libraries, see `openCudaLibraries`; empty for a CPU build. */
  readonly libraryFolders: readonly string[];
  /** TensorFlow's version, or null where only loading it can tell. */
  readonly version: string | null;
  /** Which of the places it was found in. */
  readonly source: "override" | "cache" | "python" | "fetched";
}

/** How to look; everything has a default. */
export interface LibraryOptions {
  /** Default `cpu`. */
  readonly device?: DeviceKind | undefined;
  /** Told a few times a second while a download runs. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  /** Default the process's: `DETNAS_LIBTENSORFLOW`, `DETNAS_CACHE`, `XDG_CACHE_HOME`, `HOME`, `LOCALAPPDATA`. */
  readonly environment?: Environment | undefined;
  /** Python interpreters to try, names or paths; default `python3`, then `python`. */
  readonly pythons?: readonly string[] | undefined;
  /** The build to look for in the cache and to fetch; default this machine's, null if there is none. */
  readonly build?: EngineBuild | null | undefined;
}

/** The options with their defaults, and the notes on what was looked at without success. */
interface Search {
  readonly device: DeviceKind;
  readonly environment: Environment;
  readonly pythons: readonly string[];
  readonly build: EngineBuild | null;
  readonly cache: string | null;
  readonly tried: string[];
}

/** Versions whose C interface and kernels fit; 2.21 is the one tested. */
const ACCEPTED_VERSIONS = /^2\.(1[6-9]|2\d)\./;

/**
 * Asks Python where TensorFlow is, without importing it. Prints JSON: `[site-packages, distribution, version]`.
 * The current folder is taken off the search path, as the user's may hold anything.
 */
const PYTHON_PROBE = `
import sys
sys.path[:] = [p for p in sys.path if p]
import importlib.metadata, importlib.util, json, os
spec = importlib.util.find_spec("tensorflow")
if spec and spec.origin:
    site = os.path.dirname(os.path.dirname(os.path.abspath(spec.origin)))
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            print(json.dumps([site, name, importlib.metadata.version(name)]))
            break
        except importlib.metadata.PackageNotFoundError:
            pass
`;

/**
 * Finds libtensorflow on this machine; fetches nothing.
 *
 * @param options Where to look.
 * @returns The first found, or null.
 * @throws {Deno.errors.NotFound} If `DETNAS_LIBTENSORFLOW` names no file.
 */
export async function findLibrary(options: LibraryOptions = {}): Promise<EngineLibrary | null> {
  return await find(startSearch(options));
}

/**
 * Finds libtensorflow, or else fetches it into the cache with the user's pip.
 *
 * @param options Where to look, and who is told how the fetch goes.
 * @throws {Deno.errors.NotFound} If `DETNAS_LIBTENSORFLOW` names no file, or nothing worked; the message lists
 * all that was tried and what can be done.
 */
export async function ensureLibrary(options: LibraryOptions = {}): Promise<EngineLibrary> {
  const search = startSearch(options);
  const library = await find(search) ?? await fetchInto(search, options.onProgress);
  if (library) return library;
  throw new Deno.errors.NotFound(failure(search));
}

function startSearch(options: LibraryOptions): Search {
  const device = options.device ?? "cpu";
  const environment = options.environment ?? Deno.env;
  return {
    device,
    environment,
    pythons: options.pythons ?? ["python3", "python"],
    build: options.build === undefined ? engineBuild(device) : options.build,
    cache: cacheFolder(environment),
    tried: [],
  };
}

async function find(search: Search): Promise<EngineLibrary | null> {
  return await findOverride(search) ?? await findCached(search) ?? await findInstalled(search);
}

async function findOverride(search: Search): Promise<EngineLibrary | null> {
  const value = search.environment.get("DETNAS_LIBTENSORFLOW");
  if (!value) {
    search.tried.push("DETNAS_LIBTENSORFLOW: not set");
    return null;
  }
  const path = resolve(value);
  if (await isFile(path)) return await describe(path, dirname(dirname(path)), null, "override");
  throw new Deno.errors.NotFound(
    `Cannot find libtensorflow: DETNAS_LIBTENSORFLOW is ${value}, which is no file; wanted the path of ${libraryPath()}`,
  );
}

async function findCached(search: Search): Promise<EngineLibrary | null> {
  const { build, cache, tried } = search;
  if (!build || !cache) return null;
  const folder = buildFolder(build, cache);
  const path = join(folder, libraryPath());
  if (await isFile(path)) return await describe(path, folder, build.version, "cache");
  tried.push(`the cache: no ${path}`);
  return null;
}

async function findInstalled(search: Search): Promise<EngineLibrary | null> {
  for (const python of search.pythons) {
    const found = await askPython(python, search.device);
    if (typeof found !== "string") return found;
    search.tried.push(`an installed TensorFlow, asking ${python}: ${found}`);
  }
  return null;
}

/** The TensorFlow an interpreter would import, or why it won't do. */
async function askPython(python: string, device: DeviceKind): Promise<EngineLibrary | string> {
  const answer = await runProbe(python);
  if (typeof answer === "string") return answer;
  const [site, distribution, version] = answer;
  if (!ACCEPTED_VERSIONS.test(version)) return `it has ${version}, wanted 2.16 to 2.29`;
  if (device === "gpu" && distribution !== "tensorflow") {
    return `it has ${distribution}, which is without CUDA`;
  }
  const path = join(site, libraryPath());
  if (!await isFile(path)) return `its ${distribution} ${version} has no ${path}`;
  return await describe(path, site, version, "python");
}

async function runProbe(
  python: string,
): Promise<[site: string, distribution: string, version: string] | string> {
  try {
    const command = new Deno.Command(python, {
      args: ["-c", PYTHON_PROBE],
      env: withoutLibraryPath,
      stdin: "null",
      stderr: "null",
    });
    const { stdout } = await command.output();
    const text = new TextDecoder().decode(stdout).trim();
    return text === "" ? "it has none" : JSON.parse(text);
  } catch (error) {
    return error instanceof SyntaxError ? "it gave no sensible answer" : commandError(error);
  }
}

async function fetchInto(
  search: Search,
  onProgress: LibraryOptions["onProgress"],
): Promise<EngineLibrary | null> {
  const { build, cache, pythons, tried } = search;
  if (!build) {
    tried.push(`fetching: no build for ${search.device} on ${Deno.build.os} ${Deno.build.arch} is known`);
  } else if (!cache) tried.push("fetching: no cache folder, as neither DETNAS_CACHE nor HOME is set");
  if (!build || !cache) return null;
  try {
    const folder = await fetchBuild(build, { cache, pythons, onProgress });
    return await describe(join(folder, libraryPath()), folder, build.version, "fetched");
  } catch (error) {
    tried.push(`fetching: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

async function describe(
  path: string,
  root: string,
  version: string | null,
  source: EngineLibrary["source"],
): Promise<EngineLibrary> {
  return { path, libraryFolders: await cudaFolders(root), version, source };
}

/** `nvidia/<package>/lib` below a folder of wheels. */
async function cudaFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  try {
    for await (const entry of Deno.readDir(join(root, "nvidia"))) {
      if (entry.isDirectory) folders.push(join(root, "nvidia", entry.name, "lib"));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return folders.sort();
}

function failure(search: Search): string {
  const requirement = search.build?.wheels[0].requirement ?? "tensorflow";
  const room = search.device === "gpu" ? "10 GB" : "1.5 GB";
  return [
    `Cannot find libtensorflow (${search.device}). Tried:`,
    ...search.tried.map((line) => `  - ${line}`),
    "What helps, any one of:",
    `  - a network and a Python with pip, then run this again (it needs about ${room} in ${
      search.cache ?? "DETNAS_CACHE"
    })`,
    "  - DETNAS_CACHE set to a folder that can be written and has the room",
    `  - python3 -m pip install ${requirement}`,
    `  - DETNAS_LIBTENSORFLOW set to the path of ${libraryPath()}`,
  ].join("\n");
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
