import { assertEquals } from "@std/assert";
import { withLinks, withSpecifiers } from "../../tasks/docs.ts";

Deno.test("withSpecifiers() names entry points as other projects import them, and leaves examples alone", () => {
  assertEquals(
    withSpecifiers("from &quot;.&quot; from &quot;train&quot; from &quot;@tensorflow/tfjs-core&quot;"),
    "from &quot;@detnas/detnas&quot; from &quot;@detnas/detnas/train&quot; from &quot;@tensorflow/tfjs-core&quot;",
  );
  const example = "from &quot;@detnas/detnas/train&quot;";
  assertEquals(withSpecifiers(example), example);
});

Deno.test("withLinks() leads from the first page to the other entry points", () => {
  assertEquals(
    withLinks("<code>@detnas/detnas/engine</code> <code>@detnas/detnas</code>"),
    '<a href="engine/index.html"><code>@detnas/detnas/engine</code></a> <code>@detnas/detnas</code>',
  );
});
