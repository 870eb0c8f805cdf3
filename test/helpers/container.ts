import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECRET } from "./deliveries.ts";
import { freePort } from "./ports.ts";
import { shell } from "./release.ts";

const root = join(import.meta.dir, "../..");
const IMAGE = "localhost/elevenlabs-webhook";
const BUILD_IMAGE = "localhost/build";
const START_MS_MAX = 20_000;

/** What the program may do at least, and so at most, where it is run. As compose.yaml has it. */
const CONFINED = [
  "--read-only --read-only-tmpfs=false --tmpfs /tmp --cap-drop all --security-opt no-new-privileges",
  "--memory 512m --memory-swap 512m --cpus 1",
  // Engines raise them as far as the engine may: not everywhere may it.
  "--ulimit nofile=4096:4096 --ulimit nproc=1024:1024",
].flatMap((flags) => flags.split(" "));

/** buildah and podman on storage of their own. */
export function containerEngine() {
  const folder = mkdtempSync(join(tmpdir(), "containers-"));
  const storage = ["--root", join(folder, "root"), "--runroot", join(folder, "run")];
  const env = { STORAGE_DRIVER: "vfs", BUILDAH_ISOLATION: "chroot" };
  const manner = ["--tmpdir", join(folder, "tmp"), "--cgroup-manager", "cgroupfs", "--runtime", "runc"];
  const podman = (...args: string[]) => shell(["podman", ...storage, ...manner, ...args], { env });

  return {
    /**
     * Builds the Dockerfile. No registry is needed: the build runs in a Debian at `debian`, which gets the packages that
     * are installed here.
     */
    build(debian: string, commit: string): void {
      shell(["mkdir", "-p", join(debian, "src")]);
      const packages = `tar -C "$1" --exclude=node_modules/.cache --exclude=node_modules/.runtimes -c node_modules`;
      shell(["bash", "-c", `${packages} | tar -C "$2/src" -x`, "bash", root, debian]);
      shell(["cp", "--remove-destination", process.execPath, join(debian, "src/node_modules/.pinned-bun")]);
      shell(["tar", "-C", debian, "-cf", join(folder, "build.tar"), "."]);
      podman("import", join(folder, "build.tar"), BUILD_IMAGE);
      rmSync(join(folder, "build.tar"));
      const given = ["--build-arg", `BUILD_IMAGE=${BUILD_IMAGE}`, "--build-arg", `BUILD_COMMIT=${commit}`];
      shell(["buildah", ...storage, "build", "--format", "docker", ...given, "-t", IMAGE, root], { env });
    },

    inspectImage: (): unknown => JSON.parse(podman("image", "inspect", IMAGE))[0],

    /** The paths in the image, and how `ls -l` would show each. */
    listImage(): Map<string, string> {
      const id = podman("create", IMAGE).trim();
      const tar = join(folder, "image.tar");
      podman("export", "--output", tar, id);
      podman("rm", "--volumes", id);
      const lines = shell(["tar", "--numeric-owner", "-tvf", tar]).trimEnd().split("\n");
      return new Map(
        lines.map((line) => {
          const [mode = "", owner = "", , , , path = ""] = line.split(/\s+/);
          return [path, `${mode} ${owner}`];
        }),
      );
    },

    /** Starts the image on a named volume and waits until it answers. */
    async start(volume: string, environment: Record<string, string> = {}) {
      const port = await freePort();
      const settings = Object.entries({
        ELEVENLABS_WEBHOOK_SECRET: SECRET,
        ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
        ELEVENLABS_WEBHOOK_PORT: String(port),
        ...environment,
      }).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
      const place = ["--network", "host", "--volume", `${volume}:/data`];
      const id = podman("run", "--detach", ...CONFINED, ...place, ...settings, IMAGE).trim();
      await waitUntilAnswering(`http://127.0.0.1:${port}/health`, () => podman("logs", id));
      const inspect = (path: string) => podman("inspect", id, "--format", `{{.${path}}}`).trim();
      return {
        port,
        pid: Number(inspect("State.Pid")),
        inspect,
        /** The exit status of what HEALTHCHECK runs. */
        healthcheck: () => tryCall(() => podman("healthcheck", "run", id)),
        logs: () => podman("logs", id),
        /** Ends it with SIGTERM and returns its exit status. */
        stop(): number {
          podman("stop", "--time", "25", id);
          return Number(inspect("State.ExitCode"));
        },
      };
    },

    /** Where a volume's files are on this machine. */
    volumePath: (volume: string) => podman("volume", "inspect", volume, "--format", "{{.Mountpoint}}").trim(),

    remove(): void {
      podman("rm", "--all", "--force", "--volumes");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function tryCall(call: () => string): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

async function waitUntilAnswering(url: string, logs: () => string): Promise<void> {
  for (
    const startedMs = performance.now();
    performance.now() - startedMs < START_MS_MAX;
    await Bun.sleep(50)
  ) {
    try {
      await fetch(url);
      return;
    } catch {
      // Not listening yet.
    }
  }
  throw new Error(`nothing answers at ${url}: ${logs()}`);
}
