import { assertEquals } from "@std/assert";
import { readRange } from "../../lib/base/read_range.ts";

Deno.test("readRange() reads from start to end, and fewer bytes where the file ends before", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, Uint8Array.of(10, 11, 12, 13, 14));
    using file = await Deno.open(path);
    assertEquals([...await readRange(file, 1, 4)], [11, 12, 13]);
    assertEquals([...await readRange(file, 3, 9)], [13, 14]);
    assertEquals([...await readRange(file, 5, 5)], []);
    assertEquals([...await readRange(file, 0, 1)], [10]); // wherever it read before
  } finally {
    await Deno.remove(path);
  }
});
