import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fetchWheels } from "../../lib/fetch/fetch_wheels.ts";
import type { Wheel } from "../../lib/fetch/wheel.ts";
import { storedZip } from "../helpers/stored_zip.ts";

const ignore = Deno.build.os === "windows"; // the stand-in for Python is a shell script

/** A cache, and a Python whose pip "downloads" a wheel that holds `a/1` and `b`. */
async function withPip(
  test: (cache: string, python: string, wheel: Wheel) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = storedZip({ "a/1": "one", b: "two", c: "not wanted" });
    await Deno.writeFile(join(folder, "x.whl"), bytes);
    const script = `#!/bin/sh
if [ "$3" = --version ]; then exit 0; fi
while [ "$1" != --dest ]; do shift; done
cp '${folder}/x.whl' "$2"
`;
    const python = join(folder, "python3");
    await Deno.writeTextFile(python, script, { mode: 0o755 });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const wheel = { requirement: "x==1", platformTag: "any", sha256, entries: ["a/", "b"] };
    await test(join(folder, "cache"), python, wheel);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== "fetch.lock").sort();
}

Deno.test(
  "fetchWheels() keeps the wanted entries",
  { ignore },
  () =>
    withPip(async (cache, python, wheel) => {
      const folder = await fetchWheels([wheel], "x-1", { cache, pythons: [python] });
      assertEquals(namesIn(folder), ["a", "b"]);
      assertEquals(await Deno.readTextFile(join(folder, "a", "1")), "one");
      assertEquals(namesIn(cache), ["x-1"]);
    }),
);

Deno.test(
  "fetchWheels() keeps what is made of the wheels in their place, once",
  { ignore },
  () =>
    withPip(async (cache, python, wheel) => {
      const phases = new Set<string>();
      let made = 0;
      const options = {
        cache,
        pythons: [python],
        onProgress: ({ phase }: { phase: string }): void => void phases.add(phase),
        make: async (unpacked: string, folder: string): Promise<void> => {
          made++;
          await Deno.mkdir(folder);
          await Deno.copyFile(join(unpacked, "b"), join(folder, "copy"));
        },
      };
      const folder = await fetchWheels([wheel], "x-1", options);
      assertEquals(await fetchWheels([wheel], "x-1", options), folder);
      assertEquals(namesIn(folder), ["copy"]);
      assertEquals(made, 1);
      assertEquals(phases.has("preparing"), true);
    }),
);

Deno.test(
  "fetchWheels() leaves nothing where the making fails",
  { ignore },
  () =>
    withPip(async (cache, python, wheel) => {
      const make = async (_unpacked: string, folder: string): Promise<void> => {
        await Deno.mkdir(folder);
        throw new Error("half-way");
      };
      await assertRejects(
        () => fetchWheels([wheel], "x-1", { cache, pythons: [python], make }),
        Error,
        "half-way",
      );
      assertEquals(namesIn(cache), []);
    }),
);
