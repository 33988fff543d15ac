/**
 * A process that finds TCP ports which nobody has, and prints them; the coordinator itself may not use the network.
 *
 * @module
 */
import { withoutLibraryPath } from "../lib/base/child_environment.ts";

if (import.meta.main) {
  const listeners = Array.from(
    { length: Number(Deno.args[0]) },
    () => Deno.listen({ hostname: "0.0.0.0", port: 0 }),
  );
  console.log(JSON.stringify(listeners.map(({ addr }) => (addr as Deno.NetAddr).port)));
  listeners.forEach((listener) => listener.close());
}

/**
 * Ports that are free at this moment, all different.
 *
 * @param count How many.
 */
export async function freePorts(count: number): Promise<number[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net=0.0.0.0", import.meta.url, String(count)],
    env: withoutLibraryPath,
  }).output();
  if (code === 0) return JSON.parse(new TextDecoder().decode(stdout));
  throw new Error(`Cannot find ${count} free ports: ${new TextDecoder().decode(stderr).trim()}`);
}
