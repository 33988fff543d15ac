import { assert, assertEquals } from "@std/assert";
import { hostCpuModel } from "../../lib/train/profile_host.ts";

Deno.test({
  name: "hostCpuModel() is null without the permission, and asks for none",
  permissions: { sys: false },
  fn: async () => assertEquals(await hostCpuModel(), null),
});

Deno.test({
  name: "hostCpuModel() is a text where it can be had",
  permissions: { sys: ["cpus"] },
  fn: async () => {
    const model = await hostCpuModel();
    assert(model === null || model.length > 0);
    assertEquals(await hostCpuModel(), model);
  },
});
