/**
 * The config `tree-crowns`'s data: fetched once, on first use, into the cache.
 *
 * @module
 */
import { join } from "node:path";
import { withoutLibraryPath } from "../lib/base/child_environment.ts";
import type { Config } from "../lib/config/schema.ts";
import { cacheFolder, type Environment } from "../lib/engine/platform.ts";
import { type FetchProgress, fetchWheels } from "../lib/fetch/fetch_wheels.ts";
import type { Wheel } from "../lib/fetch/wheel.ts";
import { treePhotographs } from "../lib/data/tree_photographs.ts";

/** The wheel that holds the photographs. */
export const deepforestWheel: Wheel = {
  requirement: "deepforest==2.1.0",
  platformTag: "any",
  sha256: "8c2798d8e9be7f0004b194fe207b76c1d9fff6e711b3db67b9508dcd5d00ae54",
  entries: [
    ...treePhotographs.flatMap(({ name }) => [`deepforest/data/${name}.png`, `deepforest/data/${name}.xml`]),
    "deepforest-2.1.0.dist-info/licenses/LICENSE",
  ],
  sizeBytes: 20_639_595,
};

/** In the cache; the number goes up when the tiles are cut in another way. */
const folderName = "tree-crowns-1";

const credits = `Tree crowns in aerial photographs, 0.1 m a pixel, boxes drawn by hand.

The photographs and annotations are those that the Python package deepforest 2.1.0 holds (deepforest/data):
DeepForest, https://github.com/weecology/DeepForest, MIT, see LICENSE beside this file.
Weinstein, Marconi, Bohlman, Zare, White: Individual tree-crown detection in RGB imagery using semi-supervised deep
learning neural networks. Remote Sensing 11 (2019) 1309.
The imagery is of the National Ecological Observatory Network (NEON), a programme of the U.S. National Science
Foundation, https://www.neonscience.org: sites YELL, OSBS and SOAP.

Changed here: photographs larger than 400 px are cut into tiles of 400 px every 320 px; boxes are cut at a tile's border
and left out where less than 40 % is inside; the classes Tree, Alive and Dead are one, Tree.
`;

/**
 * Where the tree crowns lie, fetched or not; null on a machine without a cache folder.
 *
 * @param environment Where the cache's variables are read.
 */
export function treeCrownsFolder(environment: Environment): string | null {
  const cache = cacheFolder(environment);
  return cache === null ? null : join(cache, folderName);
}

/**
 * Whether a config's photographs are the tree crowns in the cache, and not there yet.
 *
 * @param config The config.
 * @param environment Where the cache's variables are read.
 */
export async function lacksTreeCrowns(
  { detectionData }: Pick<Config, "detectionData">,
  environment: Environment = Deno.env,
): Promise<boolean> {
  const folder = treeCrownsFolder(environment);
  if (detectionData.kind !== "folder" || detectionData.path !== folder) return false;
  return !await Deno.stat(folder).then(() => true, () => false);
}

/** Where and with what to fetch; everything has a default. */
export interface TreeCrownsOptions {
  /** Default the process's. */
  readonly environment?: Environment;
  /** Default `python3`, then `python`. */
  readonly pythons?: readonly string[];
  /** Told how the download goes; default nobody. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
}

/**
 * Fetches the tree crowns if a config's photographs are these and not there yet.
 *
 * @param config The config.
 * @param options Where the cache's variables are read, the interpreters to try for pip, names or paths, and who is told.
 * @throws {Error} If they can't be fetched; says why and what would help.
 */
export async function ensureTreeCrowns(
  config: Pick<Config, "detectionData">,
  { environment = Deno.env, pythons = ["python3", "python"], onProgress }: TreeCrownsOptions = {},
): Promise<void> {
  const cache = cacheFolder(environment);
  if (cache === null || !await lacksTreeCrowns(config, environment)) return;
  try {
    await fetchWheels([deepforestWheel], folderName, {
      cache,
      pythons,
      onProgress,
      make: makeData,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `Cannot fetch the tree crowns: ${reason}; wanted a network, a Python with pip, and 60 MB of room in ${cache}`,
      { cause },
    );
  }
}

async function makeData(unpacked: string, made: string): Promise<void> {
  await runMaker(join(unpacked, "deepforest", "data"), made);
  await Deno.writeTextFile(join(made, "CREDITS.txt"), credits);
  await Deno.rename(
    join(unpacked, "deepforest-2.1.0.dist-info", "licenses", "LICENSE"),
    join(made, "LICENSE"),
  );
}

async function runMaker(source: string, made: string): Promise<void> {
  const entry = new URL("./make_tree_crowns.ts", import.meta.url).href;
  const permissions = ["--no-prompt", "--allow-ffi", "--allow-read", "--allow-env", `--allow-write=${made}`];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, entry, source, made],
    env: withoutLibraryPath,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  if (success) return;
  throw new Error(`cutting the photographs failed: ${new TextDecoder().decode(stderr).trim()}`);
}
