import { assertEquals } from "@std/assert";
import { projectVersion } from "../../lib/base/version.ts";

Deno.test("projectVersion is deno.json's", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(projectVersion, version);
});
