import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildDebianPackage } from "../../scripts/release-debian.ts";
import { releaseDocuments } from "../../scripts/release-documents.ts";
import { debianRoot } from "../helpers/debian-root.ts";
import { SECRET } from "../helpers/deliveries.ts";
import { hasMeans } from "../helpers/means.ts";
import { EXECUTABLE } from "../helpers/receiver.ts";
import { shell } from "../helpers/release.ts";
import { bootMachine, canBoot } from "./machine.ts";
import type { Machine } from "./machine.ts";

setDefaultTimeout(300_000);

const UNIT = "elevenlabs-webhook.service";
const SETTINGS = "/etc/elevenlabs-webhook/environment";
const what = "the Debian package";
const folder = mkdtempSync(join(tmpdir(), "debian-package-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function packageOf(version: string, executable = EXECUTABLE): string {
  const path = join(folder, `${version}.deb`);
  const documents = { copyright: "", ...releaseDocuments() };
  const content = { version, epochSeconds: 1_793_620_800, executable, documents };
  buildDebianPackage(content, join(folder, version), path);
  return path;
}

// Each test goes on where the one before it has stopped: a package's life.
describe.skipIf(!hasMeans(what, "dpkg-deb") || !canBoot(what))("the Debian package", () => {
  let machine: Machine;
  let before = "";
  const install = (version: string) => {
    copyFileSync(packageOf(version), machine.path(`/root/${version}.deb`));
    return machine.get(`dpkg --install /root/${version}.deb`);
  };
  /** Every file that a package may leave, but dpkg's own. */
  const files = () => machine.get("find /etc /usr /var/lib -path /var/lib/dpkg -prune -o -print | sort");
  const send = () => {
    const secret = "ELEVENLABS_WEBHOOK_SECRET_FILE=/etc/elevenlabs-webhook/secret";
    machine.get(`${secret} elevenlabs-webhook send --sample transcription`);
  };
  const property = (name: string) => machine.get(`systemctl show --property=${name} --value ${UNIT}`);
  const eventCount = () =>
    Number(
      machine.get(
        'sqlite3 "file:/var/lib/elevenlabs-webhook/transcripts.sqlite?mode=ro" "SELECT count(*) FROM events"',
      ),
    );

  beforeAll(async () => {
    machine = await bootMachine();
    before = files();
  });
  afterAll(() => machine.stop());

  test("installs a program, a unit that is not started, and settings for root alone", () => {
    expect(install("1.0.0")).toContain("/etc/elevenlabs-webhook/secret");
    expect(machine.get("elevenlabs-webhook --version")).toStartWith("elevenlabs-webhook ");
    expect(machine.get("dpkg --verify elevenlabs-webhook")).toBe("");
    for (const [path, content] of Object.entries(releaseDocuments())) {
      const installed = machine.path(`/usr/share/doc/elevenlabs-webhook/${path}`);
      expect(readFileSync(installed).equals(content)).toBe(true);
    }
    expect(machine.get("stat -c '%a %U' /etc/elevenlabs-webhook/environment")).toBe("600 root");
    expect([property("ActiveState"), property("UnitFileState")]).toEqual(["inactive", "disabled"]);
    const verified = machine.run(`systemd-analyze verify ${UNIT}`);
    expect(verified).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("starts as it says, and receives under the unit's confinement", () => {
    writeFileSync(machine.path("/root/secret"), `${SECRET}\n`);
    machine.get("install -m 600 /dev/stdin /etc/elevenlabs-webhook/secret < /root/secret");
    machine.get("systemctl enable --now elevenlabs-webhook");
    send();
    expect(eventCount()).toBe(1);
    const mounts = machine.get(`cat /proc/${property("MainPID")}/mounts`);
    const noexec = (path: string) => new RegExp(`^\\S+ ${path} \\S+ \\S*\\bnoexec\\b`, "m").test(mounts);
    expect([noexec("/"), noexec("/usr/lib")]).toEqual([true, false]);
  });

  test("an upgrade keeps settings, secret and data, and brings what runs to the new version", () => {
    machine.get("echo LOG_LEVEL=DEBUG >> /etc/elevenlabs-webhook/environment");
    expect(install("1.1.0")).not.toContain("/etc/elevenlabs-webhook/secret");
    expect(machine.get("dpkg-query -W -f '${Version} ${Status}' elevenlabs-webhook")).toBe(
      "1.1.0 install ok installed",
    );
    expect(machine.get("tail -1 /etc/elevenlabs-webhook/environment")).toBe("LOG_LEVEL=DEBUG");
    expect([property("ActiveState"), property("UnitFileState")]).toEqual(["active", "enabled"]);
    // The old file is gone: what runs is the new one.
    expect(machine.get(`readlink /proc/${property("MainPID")}/exe`)).toBe(
      "/usr/lib/elevenlabs-webhook/elevenlabs-webhook",
    );
    send();
    expect(eventCount()).toBe(2);
  });

  test("a removal stops it and keeps settings, secret and data", () => {
    machine.get("dpkg --remove elevenlabs-webhook");
    expect(machine.run(`systemctl is-active ${UNIT}`).stdout).toBe("inactive\n");
    expect(machine.run("command -v elevenlabs-webhook").status).toBe(1);
    expect(machine.get("ls /etc/elevenlabs-webhook")).toBe("environment\nsecret");
    expect(eventCount()).toBe(2);
  });

  test("installed again after a removal it says how to start it, and goes on with its data", () => {
    expect(machine.get("dpkg --install /root/1.1.0.deb")).toContain(
      "elevenlabs-webhook: the service is disabled, it receives nothing: systemctl enable --now elevenlabs-webhook",
    );
    expect([property("ActiveState"), property("UnitFileState")]).toEqual(["inactive", "disabled"]);
    machine.get("systemctl enable --now elevenlabs-webhook");
    send();
    expect(eventCount()).toBe(3);
    expect(machine.get("dpkg --install /root/1.1.0.deb")).not.toContain("disabled");
    machine.get("dpkg --remove elevenlabs-webhook");
  });

  test("a purge leaves nothing but the data, and says so", () => {
    const said = machine.get("dpkg --purge elevenlabs-webhook");
    expect(said).toContain("what was received stays in /var/lib/private/elevenlabs-webhook");
    expect(eventCount()).toBe(3);
    machine.get("rm -r /var/lib/private/elevenlabs-webhook /var/lib/elevenlabs-webhook");
    expect(files()).toBe(before);
  });
});

const root = hasMeans(what, "dpkg-deb", "debootstrap") ? debianRoot(what) : null;

/** The package as it was before 1.0, whose settings were a conffile of dpkg's. */
function packageAsBefore(version: string, settings: string): string {
  const work = join(folder, `${version}-before`);
  shell(["dpkg-deb", "--raw-extract", packageOf(version, "/bin/true"), work]);
  mkdirSync(join(work, dirname(SETTINGS)), { recursive: true });
  writeFileSync(join(work, SETTINGS), settings);
  writeFileSync(join(work, "DEBIAN/conffiles"), `${SETTINGS}\n`);
  const path = join(folder, `${version}-before.deb`);
  shell(["dpkg-deb", "--root-owner-group", "--build", work, path]);
  return path;
}

test.skipIf(root === null)("the Debian package comes and goes where there is no systemd", () => {
  const debian = root ?? "";
  const before = packageAsBefore("0.9.0", "# settings of 0.9.0\n#LOG_LEVEL=INFO\n");
  const now = packageOf("1.2.0", "/bin/true");
  const install = (path: string) => {
    copyFileSync(path, join(debian, "tmp/package.deb"));
    shell(["chroot", debian, "dpkg", "--install", "/tmp/package.deb"]);
  };
  const settings = () => readFileSync(join(debian, SETTINGS), "utf8");

  // An operator who has changed the settings is asked nothing by an upgrade: without a terminal it would fail.
  install(before);
  writeFileSync(join(debian, SETTINGS), "# settings of 0.9.0\nLOG_LEVEL=DEBUG\n");
  install(now);
  expect(settings()).toBe("# settings of 0.9.0\nLOG_LEVEL=DEBUG\n");
  install(before);
  expect(settings()).toBe("# settings of 0.9.0\nLOG_LEVEL=DEBUG\n");
  shell(["chroot", debian, "dpkg", "--purge", "elevenlabs-webhook"]);

  install(now);
  expect(settings()).toContain("#LOG_LEVEL=INFO");
  expect(shell(["chroot", debian, "dpkg", "--purge", "elevenlabs-webhook"])).not.toContain("stays");
  rmSync(debian, { recursive: true, force: true });
});
