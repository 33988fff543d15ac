/**
 * Machines on a table top: network namespaces, each with an address of its own, joined by virtual cables.
 *
 * @module
 */
import type { Place } from "./worker_group.ts";

/** Machines, until disposed. */
export interface Machines extends AsyncDisposable {
  /** What runs there listens on port 2222. */
  readonly places: readonly Place[];
}

/** The first machine is the switch too; the others live as long as its input is open. */
const script = `
ip link set lo up
ip link add switch type bridge && ip addr add 10.0.0.1/24 dev switch && ip link set switch up || exit 1
own=$(readlink /proc/$$/ns/net); pids=
for n in $(seq 2 $1); do
  unshare --net sleep 300 & pid=$!; pids="$pids $pid"
  until [ "$(readlink /proc/$pid/ns/net)" != "$own" ]; do :; done
  ip link add "cable$n" type veth peer name eth0 netns $pid && ip link set "cable$n" master switch up || exit 1
  nsenter --target=$pid --net sh -c "ip link set lo up; ip addr add 10.0.0.$n/24 dev eth0; ip link set eth0 up"
done
echo $$ $pids
cat
kill $pids`;

/** Sets up machines; null where this user may not. */
export async function openMachines(count: number): Promise<Machines | null> {
  const holder = new Deno.Command("unshare", {
    args: ["--map-root-user", "--net", "sh", "-c", script, "sh", String(count)],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = holder.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  const end = async (): Promise<void> => {
    await holder.stdin.close().catch(() => {}); // it may have ended by itself
    await holder.status;
  };
  const pids = value.trim().split(/\s+/);
  if (pids.length !== count) {
    await end();
    return null;
  }
  const places = pids.map((pid, i) => ({
    prefix: ["nsenter", `--target=${pid}`, "--user", "--net", "--preserve-credentials", "--"],
    address: `10.0.0.${i + 1}:2222`,
  }));
  return { places, [Symbol.asyncDispose]: end };
}
