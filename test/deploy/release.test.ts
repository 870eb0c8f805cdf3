import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { releaseDocuments } from "../../scripts/release-documents.ts";
import { targets } from "../../scripts/release-targets.ts";
import { audio, transcription } from "../helpers/deliveries.ts";
import { hasMeans } from "../helpers/means.ts";
import { EXECUTABLE, startReceiver } from "../helpers/receiver.ts";
import { cloneCheckout, shell } from "../helpers/release.ts";

const { version } = packageJson;
const MACHINES: Record<string, string> = { "linux-arm64": "b7", default: "3e" };
const RELEASE_MS_MAX = 600_000;

describe.skipIf(!hasMeans("the release", "git", "tar", "dpkg-deb"))("a release", () => {
  const checkout = cloneCheckout();
  const commit = shell(["git", "rev-parse", "--short=12", "HEAD"], { cwd: checkout.folder }).trim();
  let said = "";
  beforeAll(() => {
    const { status, stdout, stderr } = checkout.release(`v${version}`);
    expect([status, stderr]).toEqual([0, ""]);
    said = stdout;
  }, RELEASE_MS_MAX);
  afterAll(() => checkout.remove());

  test("has an archive for each system, a package and a bill of materials, all of them in SHA256SUMS", () => {
    const archives = targets.map(({ name }) => `elevenlabs-webhook-${version}-${name}.tar.gz`);
    const files = [
      ...archives,
      `elevenlabs-webhook-${version}.cdx.json`,
      `elevenlabs-webhook_${version}_amd64.deb`,
    ];
    expect(readdirSync(checkout.output).toSorted()).toEqual(["SHA256SUMS", ...files].toSorted());
    expect(checkout.sums().map((line) => line.slice(66))).toEqual(files.toSorted());
    shell(["sha256sum", "--check", "--strict", "SHA256SUMS"], { cwd: checkout.output });
  });

  test("says of each system whether it was run", () => {
    for (const { name } of targets) expect(said).toMatch(new RegExp(`^${name}: built(?: and|, NOT) `, "im"));
  });

  test(
    "is the same bytes from another folder, another user's settings and another day",
    () => {
      const other = cloneCheckout();
      const elsewhere =
        "umask 077; export TZ=Asia/Tokyo LANG=C LC_ALL=C GZIP=-1 TAR_OPTIONS=--format=gnu XZ_DEFAULTS=-9 USER=other";
      const { status } = other.release("", elsewhere);
      expect(status).toBe(0);
      expect(other.sums()).toEqual(checkout.sums());
      other.remove();
    },
    RELEASE_MS_MAX,
  );

  test("refuses a changed checkout and a tag of another version", () => {
    const other = cloneCheckout();
    writeFileSync(join(other.folder, "README.md"), "changed");
    const { status, stderr } = other.release("v0.0.0");
    expect(status).toBe(1);
    expect(stderr).toContain("uncommitted changes");
    expect(stderr).toContain(`tag v${version}`);
    other.remove();
  });

  test("refuses a runtime that is not the one it knows", () => {
    const other = cloneCheckout();
    const runtime = join("node_modules/.runtimes", `bun-linux-x64-baseline-v${Bun.version}`);
    // As a file of its own: it is a link to ours.
    const forged = Buffer.concat([readFileSync(join(checkout.folder, runtime)), Buffer.from("forged")]);
    rmSync(join(other.folder, runtime), { force: true });
    mkdirSync(dirname(join(other.folder, runtime)), { recursive: true });
    writeFileSync(join(other.folder, runtime), forged, { mode: 0o755 });
    const { status, stderr } = other.release();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^scripts\/release: \S+x64-baseline-v\S+ is not Bun /);
    expect(existsSync(join(other.output, "SHA256SUMS"))).toBe(false);
    other.remove();
  });

  describe.each(targets)("for $name", ({ name, run }) => {
    const [emulator] = run?.command ?? [];
    const canRun = run !== null && (emulator === undefined || Bun.which(emulator) !== null);
    if (!canRun) console.warn(`SKIPPED: running ${name}: needs ${run?.packages ?? "musl's own libstdc++"}`);
    let folder = "";
    beforeAll(() => {
      folder = checkout.unpack(name);
    });

    test("has executable, unit, documents, licence and notices", () => {
      const found = readdirSync(folder, { recursive: true, encoding: "utf8" });
      const files = found.filter((path) => statSync(join(folder, path)).isFile());
      expect(files.toSorted()).toEqual(
        [
          ...Object.keys(releaseDocuments()),
          "THIRD-PARTY-NOTICES.txt",
          "elevenlabs-webhook",
          "elevenlabs-webhook.service",
        ].toSorted(),
      );
      const unit = readFileSync(join(folder, "elevenlabs-webhook.service"), "utf8");
      expect(unit).toBe(shell([EXECUTABLE, "service", "print"]));
      const machine = readFileSync(join(folder, "elevenlabs-webhook")).subarray(18, 19).toString("hex");
      expect(machine).toBe(MACHINES[name] ?? MACHINES.default ?? "");
    });

    test.skipIf(!canRun)(
      "names version and commit, receives, and ends at SIGTERM",
      async () => {
        const command = [...(run?.command ?? []), join(folder, "elevenlabs-webhook")];
        expect(shell([...command, "--version"])).toStartWith(
          `elevenlabs-webhook ${version} (commit ${commit}), Bun ${Bun.version}, SQLite `,
        );
        const receiver = await startReceiver({ command: [...command, "serve"] });
        expect((await receiver.post(transcription("conv_release"))).status).toBe(200);
        expect((await receiver.post(audio("conv_release", Buffer.alloc(1_000_000, "mp3")))).status).toBe(200);
        expect(receiver.rows("SELECT turn_count, audio_bytes FROM conversations")).toEqual([
          { turn_count: expect.any(Number), audio_bytes: 1_000_000 },
        ]);
        expect(await receiver.stop()).toBe(0);
      },
      120_000,
    );
  });
});
