import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  makeFolder,
  sweepTemporaries,
  type WritableFile,
  writeFileAtomic,
  writingTo,
} from "../../lib/run/atomic_file.ts";

async function withFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}

/** Opens files that take one byte a call, and none past a capacity: a disk that fills up. */
function smallDisk(capacityBytes: number): (path: string) => Promise<WritableFile> {
  return async (path) => {
    const file = await Deno.open(path, { write: true, createNew: true });
    let free = capacityBytes;
    return {
      write(bytes: Uint8Array): Promise<number> {
        if (free-- > 0) return file.write(bytes.subarray(0, 1));
        throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
      },
      sync: () => file.sync(),
      [Symbol.dispose]: () => file.close(),
    };
  };
}

Deno.test("writeFileAtomic() creates and replaces a file, and leaves nothing beside it", () =>
  withFolder(async (dir) => {
    await writeFileAtomic(`${dir}/a.json`, "first");
    await writeFileAtomic(`${dir}/a.json`, new TextEncoder().encode("zwölf"));
    assertEquals(await Deno.readTextFile(`${dir}/a.json`), "zwölf");
    assertEquals(await names(dir), ["a.json"]);
  }));

Deno.test("writeFileAtomic() goes on after a short write", () =>
  withFolder(async (dir) => {
    await writeFileAtomic(`${dir}/a.json`, "content", smallDisk(7));
    assertEquals(await Deno.readTextFile(`${dir}/a.json`), "content");
  }));

Deno.test("writeFileAtomic() on a full disk names the file, keeps the old content and cleans up", () =>
  withFolder(async (dir) => {
    await writeFileAtomic(`${dir}/a.json`, "old");
    for (const capacityBytes of [0, 3, 6]) {
      const write = (): Promise<void> =>
        writeFileAtomic(`${dir}/a.json`, "content", smallDisk(capacityBytes));
      const error = await assertRejects(write, Error, `Cannot write ${dir}/a.json as the disk is full`);
      assertMatch(error.message, /full( \(\d+ bytes are free\))?: free some space and run again$/);
    }
    assertEquals(await Deno.readTextFile(`${dir}/a.json`), "old");
    assertEquals(await names(dir), ["a.json"]);
  }));

Deno.test("writeFileAtomic() names the file and the reason of another failure", () =>
  withFolder(async (dir) => {
    const error = await assertRejects(() => writeFileAtomic(`${dir}/none/a.json`, ""), Error);
    assertMatch(error.message, /^Cannot write .*\/none\/a\.json: .*\(os error 2\)/);
  }));

Deno.test("writingTo() gives what was written, or names the path and why it can't be", () =>
  withFolder(async (dir) => {
    assertEquals(await writingTo(`${dir}/a`, () => Promise.resolve(7)), 7);
    const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
    for (const path of [`${dir}/a`, `${dir}/none/a`]) { // free space can be told of the former alone
      const write = (): Promise<void> => writingTo(path, () => Promise.reject(full));
      await assertRejects(write, Error, `Cannot write ${path} as the disk is full`);
    }
    await Deno.writeTextFile(`${dir}/file`, "");
    await assertRejects(() => makeFolder(`${dir}/file/b`), Error, `Cannot write ${dir}/file/b: `);
  }));

Deno.test("sweepTemporaries() removes unfinished files and folders only, and names them", () =>
  withFolder(async (dir) => {
    await Deno.mkdir(`${dir}/step-4.tmp/deep`, { recursive: true });
    await Deno.writeTextFile(`${dir}/a.json.00000000.tmp`, "");
    await Deno.writeTextFile(`${dir}/tmp`, "");
    assertEquals((await sweepTemporaries(dir)).sort(), ["a.json.00000000.tmp", "step-4.tmp"]);
    assertEquals(await names(dir), ["tmp"]);
  }));
