// A machine of its own with Debian 12 and a real systemd, in a container of systemd-nspawn. It has a network with nothing
// but its loopback, and whatever is changed in it is gone when it stops.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { hasMeans } from "../helpers/means.ts";

/** Made once, by way of the network, in about 40 s. */
const DEBIAN = "/var/tmp/elevenlabs-webhook-debian-12-with-caddy";
const PACKAGES = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "procps",
  "sqlite3",
  "iproute2",
  // What the documents install, or use.
  "caddy",
  "curl",
  "openssl",
  "sudo",
];
/** What would only slow the boot down. */
const UNWANTED_UNITS = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "e2scrub_all.timer",
  "getty@tty1.service",
  // It would take the ports of receivers without a proxy.
  "caddy.service",
];
const CONTROLLERS = new Set(["systemd", "unified", "memory", "pids", "cpu", "cpuacct"]);
/** Limits of these are wanted, and systemd-nspawn mounts them read-only. */
const LIMITING = ["memory", "pids"];
const BOOT_MS_MAX = 60_000;

export type Machine = Awaited<ReturnType<typeof bootMachine>>;

/** True where machines can be booted; says loudly what is not tested otherwise. */
export function canBoot(what: string): boolean {
  if (!hasMeans(what, "systemd-nspawn", "debootstrap", "nsenter")) return false;
  if (existsSync(DEBIAN) || makeDebian()) return true;
  console.warn(`SKIPPED: ${what}: debootstrap could not make ${DEBIAN}: is there a way to a Debian mirror?`);
  return false;
}

function makeDebian(): boolean {
  mkdirSync(dirname(DEBIAN), { recursive: true });
  const folder = mkdtempSync(`${DEBIAN}.`);
  const include = `--include=${PACKAGES.join(",")}`;
  const made = Bun.spawnSync(["debootstrap", "--variant=minbase", include, "bookworm", folder]);
  if (made.exitCode !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return false;
  }
  for (const unit of UNWANTED_UNITS) symlinkSync("/dev/null", join(folder, "etc/systemd/system", unit));
  writeFileSync(join(folder, "etc/machine-id"), "");
  renameSync(folder, DEBIAN);
  return true;
}

/** Boots a fresh machine, in about a second. */
export async function bootMachine() {
  const groups = makeGroups(`elevenlabs-webhook-${process.pid}`);
  const joinGroups = groups.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join("; ");
  const options = [
    "--register=no",
    "--keep-unit",
    "--private-network",
    "--console=read-only",
    "--volatile=overlay",
  ];
  const child = Bun.spawn(
    [
      "bash",
      "-c",
      `${joinGroups}; exec "$@"`,
      "bash",
      "systemd-nspawn",
      "-q",
      "-D",
      DEBIAN,
      ...options,
      "--boot",
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  const leader = await untilBooted(child);
  const guests: Bun.Subprocess[] = [];

  function run(script: string) {
    const { exitCode, stdout, stderr } = Bun.spawnSync(
      ["nsenter", `--target=${leader}`, "--all", "bash", "-c", script],
      { stdin: "ignore" },
    );
    return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }
  const remounts = LIMITING.map((name) => `mount -o remount,rw,bind /sys/fs/cgroup/${name}`);
  if (existsSync("/sys/fs/cgroup/memory")) run(`${remounts.join("; ")}; systemctl daemon-reexec`);

  return {
    /** Runs a shell script in it to its end. */
    run,

    /** The same, for what has to succeed: returns what it wrote. */
    get(script: string): string {
      const { status, stdout, stderr } = run(script);
      if (status !== 0) throw new Error(`${script}: ${status}: ${stdout}${stderr}`);
      return stdout.trim();
    },

    /** Waits until a script succeeds. */
    async until(script: string): Promise<void> {
      while (run(script).status !== 0) await Bun.sleep(50);
    },

    /** Runs a program of this host in the machine's network until the machine stops. */
    onItsNetwork(...command: string[]) {
      const beside = Bun.spawn(["nsenter", `--target=${leader}`, "--net", ...command], {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "inherit",
      });
      guests.push(beside);
    },

    /** Where a file of the machine is for us. */
    path: (inside: string) => `/proc/${leader}/root${inside}`,

    /** The number that a process of the machine has outside of it. */
    processIdHere(inside: number): number {
      const mark = `\t${inside}\n`;
      const found = descendants(leader).find((id) => namespacedId(id).endsWith(mark));
      if (found === undefined) throw new Error(`there is no process ${inside}`);
      return found;
    },

    async stop(): Promise<void> {
      for (const guest of guests) guest.kill();
      child.kill("SIGTERM");
      await child.exited;
      for (const folder of groups) removeGroup(folder);
    },
  };
}

/** Groups of its own, so that machines don't get into each other's way, and nothing of them stays. */
function makeGroups(name: string): string[] {
  return readFileSync("/proc/self/cgroup", "utf8")
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const controller = controllers.replace("name=", "") || "unified";
      const mount = existsSync("/sys/fs/cgroup/cgroup.controllers")
        ? "/sys/fs/cgroup"
        : join("/sys/fs/cgroup", controller);
      if (!CONTROLLERS.has(controller) || !existsSync(mount)) return [];
      const folder = join(mount, path, name);
      mkdirSync(folder);
      return [folder];
    });
}

function removeGroup(folder: string): void {
  const inside = [...new Bun.Glob("**").scanSync({ cwd: folder, onlyFiles: false })];
  const folders = inside
    .map((path) => join(folder, path))
    .filter((path) => existsSync(join(path, "cgroup.procs")));
  for (const path of [folder, ...folders].toSorted().toReversed()) rmdirSync(path);
}

function childrenOf(id: number): number[] {
  const ids = readFileSync(`/proc/${id}/task/${id}/children`, "utf8").trim();
  return ids === "" ? [] : ids.split(" ").map(Number);
}

function descendants(id: number): number[] {
  const children = childrenOf(id);
  return children.concat(children.flatMap(descendants));
}

/** The line with the numbers that a process has in its namespaces, outermost first. */
function namespacedId(id: number): string {
  return /^NSpid:.*\n/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[0] ?? "";
}

async function untilBooted(child: Bun.Subprocess): Promise<number> {
  for (
    const startedMs = performance.now();
    performance.now() - startedMs < BOOT_MS_MAX;
    await Bun.sleep(50)
  ) {
    if (child.exitCode !== null) break;
    const [leader] = childrenOf(child.pid);
    if (leader === undefined) continue;
    const asked = Bun.spawnSync(["nsenter", `--target=${leader}`, "--all", "systemctl", "is-system-running"]);
    if (/^(running|degraded)/.test(asked.stdout.toString())) return leader;
  }
  child.kill("SIGKILL");
  throw new Error("the machine does not boot");
}
