/**
 * A thread that starts short processes, eight at a time, until it is ended; says so once it has started some.
 *
 * @module
 */
/// <reference lib="deno.worker" />

for (let round = 0;; round++) {
  const started = Array.from({ length: 8 }, () => new Deno.Command("true").output());
  await Promise.all(started);
  if (round === 0) self.postMessage("started");
}
