import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import {
  type EngineBuild,
  ensureLibrary,
  type FetchProgress,
  findLibrary,
  type LibraryOptions,
} from "../../lib/engine/library.ts";
import { cacheFolder, engineBuild, libraryPath } from "../../lib/engine/platform.ts";
import { storedZip } from "../helpers/stored_zip.ts";

const ignore = Deno.build.os === "windows"; // the stand-ins for Python are shell scripts

/** A machine of its own: a cache, a Python that is a script, and a wheel that it "downloads". */
interface Machine extends AsyncDisposable {
  readonly folder: string;
  readonly cache: string;
  readonly environment: Map<string, string>;
  readonly build: EngineBuild;
  options(changes?: Partial<LibraryOptions>): LibraryOptions;
  /** Names in the cache but for the lock. */
  cached(): string[];
  downloads(): number;
}

/** The script's answers: shell commands for `-c` (where is TensorFlow?) and for `-m pip download`. */
interface Answers {
  readonly probe?: string;
  readonly download?: string;
}

async function openMachine(answers: Answers = {}): Promise<Machine> {
  const folder = await Deno.makeTempDir();
  const cache = join(folder, "cache");
  const wheel = storedZip({ [libraryPath()]: "the library", "tensorflow/other.py": "not wanted" });
  await Deno.writeFile(join(folder, "tensorflow_cpu.whl"), wheel);
  await writePython(folder, answers);
  const environment = new Map([["DETNAS_CACHE", cache]]);
  const build = fakeBuild(await sha256(wheel));
  return {
    folder,
    cache,
    environment,
    build,
    options: (changes = {}) => ({ environment, build, pythons: [join(folder, "python3")], ...changes }),
    cached: () =>
      [...Deno.readDirSync(cache)].map((entry) => entry.name).filter((name) => name !== "fetch.lock"),
    downloads: () => Deno.readTextFileSync(join(folder, "downloads")).length,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** pip's folder is the argument after `--dest`; each download leaves one letter in a file. */
async function writePython(folder: string, answers: Answers): Promise<void> {
  await Deno.writeTextFile(join(folder, "downloads"), "");
  const script = `#!/bin/sh
if [ "$1" = -c ]; then ${answers.probe ?? "exit 0"}; fi
if [ "$3" = --version ]; then exit 0; fi
printf x >> '${folder}/downloads'
while [ "$1" != --dest ]; do shift; done
${answers.download ?? `cp '${folder}/tensorflow_cpu.whl' "$2"`}
`;
  await Deno.writeTextFile(join(folder, "python3"), script, { mode: 0o755 });
}

function fakeBuild(sha256: string): EngineBuild {
  const requirement = "tensorflow-cpu==2.21.0";
  const wheel = { requirement, platformTag: "any", sha256, entries: [libraryPath()] };
  return { version: "2.21.0", device: "cpu", wheels: [wheel] };
}

Deno.test("ensureLibrary() fetches once, then finds the cache", { ignore }, async () => {
  await using machine = await openMachine();
  const phases = new Set<string>();
  const onProgress = (progress: FetchProgress): void => void phases.add(progress.phase);
  const fetched = await ensureLibrary(machine.options({ onProgress }));
  assertEquals(fetched.source, "fetched");
  assertEquals(fetched.version, "2.21.0");
  assertEquals(fetched.libraryFolders, []);
  assertEquals(await Deno.readTextFile(fetched.path), "the library");
  assertEquals([...phases], ["checking", "unpacking"]); // too fast for a line on the download
  await assertRejects(() => Deno.stat(join(dirname(fetched.path), "other.py")), Deno.errors.NotFound);
  assertEquals(await findLibrary(machine.options()), { ...fetched, source: "cache" });
  assertEquals(machine.cached(), ["libtensorflow-2.21.0-cpu"]);
  assertEquals(machine.downloads(), 1);
});

Deno.test("findLibrary() fetches nothing", { ignore }, async () => {
  await using machine = await openMachine();
  assertEquals(await findLibrary(machine.options()), null);
  assertEquals(machine.downloads(), 0);
});

Deno.test("two at once fetch once", { ignore }, async () => {
  await using machine = await openMachine({
    download: `sleep 0.2; cp "$(dirname "$0")/tensorflow_cpu.whl" "$2"`,
  });
  const phases: string[] = [];
  const options = machine.options({ onProgress: (progress) => void phases.push(progress.phase) });
  const [one, other] = await Promise.all([ensureLibrary(options), ensureLibrary(options)]);
  assertEquals(one, other);
  assertEquals(machine.downloads(), 1);
  assert(phases.includes("waiting"));
});

Deno.test("DETNAS_LIBTENSORFLOW comes before everything", { ignore }, async () => {
  await using machine = await openMachine();
  await ensureLibrary(machine.options());
  const path = join(machine.folder, "python3"); // any file will do
  machine.environment.set("DETNAS_LIBTENSORFLOW", path);
  assertEquals(await findLibrary(machine.options()), {
    path,
    libraryFolders: [],
    version: null,
    source: "override",
  });
});

Deno.test("a DETNAS_LIBTENSORFLOW that is no file is an error, not a search", { ignore }, async () => {
  await using machine = await openMachine();
  machine.environment.set("DETNAS_LIBTENSORFLOW", "/nowhere/lib.so");
  const error = await assertRejects(() => ensureLibrary(machine.options()), Deno.errors.NotFound);
  assertStringIncludes(
    error.message,
    "DETNAS_LIBTENSORFLOW is /nowhere/lib.so, which is no file; wanted the path of",
  );
  assertEquals(machine.downloads(), 0);
});

Deno.test("an installed TensorFlow comes before fetching, with CUDA's folders", { ignore }, async () => {
  const probe = `echo "[\\"$(dirname "$0")/site\\", \\"tensorflow\\", \\"2.18.1\\"]"; exit 0`;
  await using machine = await openMachine({ probe });
  const site = join(machine.folder, "site");
  await Deno.mkdir(join(site, "nvidia", "cudnn", "lib"), { recursive: true });
  await Deno.mkdir(dirname(join(site, libraryPath())), { recursive: true });
  await Deno.writeTextFile(join(site, libraryPath()), "Python's");
  assertEquals(await ensureLibrary(machine.options({ device: "gpu" })), {
    path: join(site, libraryPath()),
    libraryFolders: [join(site, "nvidia", "cudnn", "lib")],
    version: "2.18.1",
    source: "python",
  });
});

Deno.test("an installed TensorFlow of another version is passed over", { ignore }, async () => {
  const probe = `echo '["/site", "tensorflow", "2.9.3"]'; exit 0`;
  await using machine = await openMachine({ probe, download: "exit 1" });
  const error = await assertRejects(() => ensureLibrary(machine.options()));
  assertStringIncludes((error as Error).message, "it has 2.9.3, wanted 2.16 to 2.29");
});

Deno.test("a wheel of another digest is refused and leaves nothing", { ignore }, async () => {
  await using machine = await openMachine();
  const build = fakeBuild("0".repeat(64));
  const error = await assertRejects(() => ensureLibrary(machine.options({ build })), Deno.errors.NotFound);
  assertStringIncludes(
    error.message,
    `its SHA-256 is ${machine.build.wheels[0].sha256}, wanted ${"0".repeat(64)}`,
  );
  assertEquals(machine.cached(), []);
});

Deno.test(
  "a wheel without the library, or that is no zip, is refused and leaves nothing",
  { ignore },
  async () => {
    await using machine = await openMachine();
    const [wheel] = machine.build.wheels;
    const build = { ...machine.build, wheels: [{ ...wheel, entries: ["tensorflow/absent.so"] }] };
    const error = await assertRejects(() => ensureLibrary(machine.options({ build })), Deno.errors.NotFound);
    assertStringIncludes(error.message, "it has no tensorflow/absent.so");
    await Deno.writeTextFile(join(machine.folder, "tensorflow_cpu.whl"), "no zip");
    const other = fakeBuild(await sha256(new TextEncoder().encode("no zip")));
    const second = await assertRejects(
      () => ensureLibrary(machine.options({ build: other })),
      Deno.errors.NotFound,
    );
    assertStringIncludes(second.message, "Cannot unpack ");
    assertEquals(machine.cached(), []);
  },
);

Deno.test("what an interrupted fetch left is swept by the next", { ignore }, async () => {
  await using machine = await openMachine();
  const left = join(machine.cache, "fetching-abc", "unpacked", "tensorflow");
  await Deno.mkdir(left, { recursive: true });
  await Deno.writeTextFile(join(left, "half"), "half a library");
  await ensureLibrary(machine.options());
  assertEquals(machine.cached(), ["libtensorflow-2.21.0-cpu"]);
});

Deno.test(
  "the last error lists all that was tried, pip's last lines, and what to do",
  { ignore },
  async () => {
    const download = `echo one >&2; echo two >&2; echo three >&2; echo 'ERROR: no network' >&2; exit 23`;
    await using machine = await openMachine({ download });
    const error = await assertRejects(() => ensureLibrary(machine.options()), Deno.errors.NotFound);
    const python = join(machine.folder, "python3");
    for (
      const line of [
        "Cannot find libtensorflow (cpu). Tried:",
        "DETNAS_LIBTENSORFLOW: not set",
        `the cache: no ${join(machine.cache, "libtensorflow-2.21.0-cpu", libraryPath())}`,
        `an installed TensorFlow, asking ${python}: it has none`,
        `${python} -m pip download tensorflow-cpu==2.21.0 ended with code 23: two | three | ERROR: no network`,
        "python3 -m pip install tensorflow-cpu==2.21.0",
        "DETNAS_CACHE set to a folder",
      ]
    ) assertStringIncludes(error.message, line);
    assertEquals(machine.cached(), []);
  },
);

Deno.test("without Python the error says so", { ignore }, async () => {
  await using machine = await openMachine();
  const pythons = [join(machine.folder, "absent")];
  const error = await assertRejects(() => ensureLibrary(machine.options({ pythons })), Deno.errors.NotFound);
  assertStringIncludes(error.message, `fetching: no Python with pip (${pythons[0]}: no such program)`);
});

Deno.test("a cache that can't be written is named", { ignore }, async () => {
  await using machine = await openMachine();
  await Deno.writeTextFile(machine.cache, "a file where the folder should be");
  const error = await assertRejects(() => ensureLibrary(machine.options()), Deno.errors.NotFound);
  assertStringIncludes(error.message, `Cannot write to the cache folder ${machine.cache}: `);
});

Deno.test("a machine for which there is no build is told so", { ignore }, async () => {
  await using machine = await openMachine();
  const error = await assertRejects(
    () => ensureLibrary(machine.options({ build: null })),
    Deno.errors.NotFound,
  );
  assertStringIncludes(
    error.message,
    `fetching: no build for cpu on ${Deno.build.os} ${Deno.build.arch} is known`,
  );
});

Deno.test("every build pins every wheel and holds its library", () => {
  const platforms = [["linux", "x86_64"], ["linux", "aarch64"], ["darwin", "aarch64"], ["windows", "x86_64"]];
  for (const [os, arch] of platforms) {
    const build = engineBuild("cpu", os, arch);
    assert(build !== null, `${os} ${arch}`);
    assert(build.wheels[0].entries.includes(libraryPath(os)), `${os} ${arch}`);
  }
  const cuda = engineBuild("gpu", "linux", "x86_64");
  assertEquals(cuda?.wheels.length, 13);
  for (const wheel of cuda?.wheels ?? []) assert(/^[0-9a-f]{64}$/.test(wheel.sha256), wheel.requirement);
  assertEquals(cuda?.wheels[2].requirement, "nvidia-cuda-cupti-cu12==12.9.79");
  assertEquals(engineBuild("gpu", "darwin", "aarch64"), null);
});

Deno.test("the cache lies where the platform keeps caches", () => {
  const home = new Map([["HOME", "/users/me"], ["LOCALAPPDATA", "/local"]]);
  assertEquals(cacheFolder(home, "linux"), "/users/me/.cache/detnas");
  assertEquals(cacheFolder(home, "darwin"), "/users/me/Library/Caches/detnas");
  assertEquals(cacheFolder(home, "windows"), "/local/detnas");
  assertEquals(cacheFolder(new Map([...home, ["XDG_CACHE_HOME", "/xdg"]]), "linux"), "/xdg/detnas");
  assertEquals(cacheFolder(new Map([...home, ["DETNAS_CACHE", "/own"]]), "linux"), "/own");
  assertEquals(cacheFolder(new Map(), "linux"), null);
});

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
