/** A machine of its own as far as the network goes: an `ip netns`. */
export type Namespace = ReturnType<typeof createNamespace>;

const prefix = `rcv${process.pid}`;
let count = 0;

/** Makes one, with nothing but its loopback. Needs root. */
export function createNamespace() {
  const name = `${prefix}-${++count}`;
  ip("netns", "add", name);
  ip("-n", name, "link", "set", "lo", "up");
  return {
    name,
    /** The start of a command line that runs what follows in it. */
    command: ["ip", "netns", "exec", name],
    remove: () => ip("netns", "del", name),
  };
}

/** Puts a cable between two of them, with these addresses and prefix lengths at its ends. */
export function connectNamespaces(one: Namespace, other: Namespace, addresses: [string, string][]): void {
  const cable = `v${process.pid}${++count}`;
  const ends = [
    { ...one, device: `${cable}a`.slice(-15) },
    { ...other, device: `${cable}b`.slice(-15) },
  ] as const;
  const [a, b] = ends;
  ip("link", "add", a.device, "netns", a.name, "type", "veth", "peer", "name", b.device, "netns", b.name);
  for (const pair of addresses) {
    for (const [index, { name, device }] of ends.entries()) {
      const address = pair[index] ?? "";
      ip("-n", name, "addr", "add", address, "dev", device, ...(address.includes(":") ? ["nodad"] : []));
    }
  }
  for (const { name, device } of ends) ip("-n", name, "link", "set", device, "up");
}

function ip(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["ip", ...args], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.toString()}`);
}
