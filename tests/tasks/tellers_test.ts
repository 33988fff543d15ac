import { assertEquals } from "@std/assert";
import { checkTeller } from "../../tasks/check_teller.ts";
import { fetchTeller } from "../../tasks/fetch_teller.ts";
import type { JobEvent } from "../../tasks/job_output.ts";

Deno.test("fetchTeller() tells a download of known size as progress in whole MB, and each other phase once", () => {
  const told: JobEvent[] = [];
  const fetched = fetchTeller({ tell: (event) => void told.push(event), [Symbol.dispose]: () => {} });
  const [item, totalBytes] = ["tensorflow-cpu==2.21.0", 274.4e6];
  fetched({ phase: "waiting", item, bytes: 0, totalBytes });
  fetched({ phase: "waiting", item, bytes: 0, totalBytes });
  for (const bytes of [0, 100e6, 275e6]) fetched({ phase: "downloading", item, bytes, totalBytes });
  fetched({ phase: "downloading", item: "other==1", bytes: 5, totalBytes: null });
  fetched({ phase: "downloading", item: "other==1", bytes: 6, totalBytes: null });

  const progress = { event: "progress", label: `downloading ${item}`, unit: "MB", total: 274 } as const;
  assertEquals(told, [
    { event: "note", text: `waiting ${item}` },
    ...[0, 100, 274].map((done) => ({ ...progress, done })),
    { event: "note", text: "downloading other==1" },
  ]);
});

Deno.test("checkTeller() tells how far many images are checked, and nothing of few", () => {
  const told: JobEvent[] = [];
  const output = { tell: (event: JobEvent) => void told.push(event), [Symbol.dispose]: () => {} };
  checkTeller(output)(300, 300);
  assertEquals(told, []);
  const checked = checkTeller(output);
  for (const done of [4096, 5000]) checked(done, 5000);
  const progress = { event: "progress", label: "checking", unit: "images", total: 5000 } as const;
  assertEquals(told, [{ ...progress, done: 4096 }, { ...progress, done: 5000 }]);
});
