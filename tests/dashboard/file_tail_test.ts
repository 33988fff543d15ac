import { assertEquals } from "@std/assert";
import { FileTail } from "../../lib/dashboard/file_tail.ts";
import { withFolder } from "../helpers/job.ts";

const append = (path: string, text: string | Uint8Array): Promise<void> =>
  typeof text === "string"
    ? Deno.writeTextFile(path, text, { append: true })
    : Deno.writeFile(path, text, { append: true });

Deno.test("FileTail gives each line once, and a torn last one when it is whole", () =>
  withFolder(async (folder) => {
    const path = `${folder}/log`;
    const tail = new FileTail(path);
    assertEquals(await tail.read(), { lines: [], restarted: false, hasMore: false });
    await append(path, "a\nb\nc");
    assertEquals((await tail.read()).lines, ["a", "b"]);
    assertEquals((await tail.read()).lines, []);
    await append(path, "c\n\nd\n");
    assertEquals(await tail.read(), { lines: ["cc", "", "d"], restarted: false, hasMore: false });
  }));

Deno.test("FileTail puts a character together whose bytes come apart", () =>
  withFolder(async (folder) => {
    const path = `${folder}/log`;
    const tail = new FileTail(path);
    const bytes = new TextEncoder().encode("é\n");
    await append(path, bytes.slice(0, 1));
    assertEquals((await tail.read()).lines, []);
    await append(path, bytes.slice(1));
    assertEquals((await tail.read()).lines, ["é"]);
  }));

Deno.test("FileTail starts anew where the file was cut, replaced or removed, and says so", () =>
  withFolder(async (folder) => {
    const path = `${folder}/log`;
    const tail = new FileTail(path);
    await append(path, "first\nsecond\n");
    await tail.read();
    await Deno.truncate(path, 6);
    assertEquals(await tail.read(), { lines: ["first"], restarted: true, hasMore: false });
    await append(`${path}.new`, "other, longer\n");
    await Deno.rename(`${path}.new`, path);
    assertEquals(await tail.read(), { lines: ["other, longer"], restarted: true, hasMore: false });
    await Deno.remove(path);
    assertEquals(await tail.read(), { lines: [], restarted: true, hasMore: false });
    assertEquals(await tail.read(), { lines: [], restarted: false, hasMore: false });
  }));

Deno.test("FileTail reads a long file in parts of a mebibyte, and no line is lost between them", () =>
  withFolder(async (folder) => {
    const path = `${folder}/log`;
    const wanted = Array.from({ length: 150_000 }, (_, i) => `line ${i}`);
    await append(path, wanted.join("\n") + "\n");
    const tail = new FileTail(path);
    const parts: (readonly string[])[] = [];
    for (let hasMore = true; hasMore;) {
      const found = await tail.read();
      parts.push(found.lines);
      hasMore = found.hasMore;
    }
    assertEquals(parts.length, 2);
    assertEquals(parts.flat(), wanted);
  }));
