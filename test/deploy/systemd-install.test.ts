import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOpensslMissing, makeCertificate } from "../helpers/certificate.ts";
import { SECRET } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { canBoot } from "./machine.ts";
import { freshMachine } from "./service.ts";

setDefaultTimeout(120_000);

describe.skipIf(!canBoot("installing the systemd service"))("service install", () => {
  let machine: Awaited<ReturnType<typeof freshMachine>>;
  beforeAll(async () => {
    machine = await freshMachine();
  });
  afterAll(() => machine.stop());

  const filesOfService = () =>
    machine.get("find /etc /usr/local /var/lib -path '*elevenlabs*' -not -path '/var/lib/*/*/*' | sort");

  test("as another user is refused, and changes nothing", () => {
    machine.get("install -m 755 /root/elevenlabs-webhook /tmp/");
    const refused = machine.run(
      "setpriv --reuid=nobody --clear-groups /tmp/elevenlabs-webhook service install",
    );
    expect([refused.status, refused.stderr]).toEqual([1, "This needs root: run it with sudo\n"]);
    expect(filesOfService()).toBe("");
  });

  test("that can't start leaves nothing", () => {
    machine.dropIn("[Service]\nExecStartPre=/bin/false\n");
    const failed = machine.install("--secret-file secret");
    machine.get("rm -r /etc/systemd/system/elevenlabs-webhook.service.d; systemctl daemon-reload");
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain("The service does not start; everything is as it was before.\n");
    // systemd has made the folder of the data by then.
    expect(filesOfService().replaceAll(/^\/var\/lib\/.*\n?/gm, "")).toBe("");
    expect(machine.run("systemctl cat elevenlabs-webhook").status).not.toBe(0);
  });

  test("asks on a terminal for the secret, of which it shows nothing, and for the senders", () => {
    const typed = `wsec_${"5".repeat(64)}`;
    const shown = machine.get(
      `cd /root && (sleep 2; echo ${typed}; sleep 2; echo 1; sleep 1) | script -qec './elevenlabs-webhook service install' /dev/null`,
    );
    expect(shown).toContain("Secret of the ElevenLabs webhook");
    expect(shown).toContain("Started: Receiving");
    expect(shown).not.toContain("55");
    expect(machine.get("cat /etc/elevenlabs-webhook/secret")).toBe(typed);
    expect(shown).toContain("1  only ElevenLabs, straight to this machine");
    expect(machine.get("grep ^ALLOWED /etc/elevenlabs-webhook/environment")).toBe(
      'ALLOWED_SOURCES="elevenlabs,127.0.0.1"',
    );
    const [, tryIt = ""] = /Try it: +sudo (.+?)\r?\n/.exec(shown) ?? [];
    expect(machine.get(tryIt)).toContain("200");
    machine.get("/root/elevenlabs-webhook service uninstall && rm -r /etc/elevenlabs-webhook");
  });

  test("makes a service that receives, and starts with the machine", () => {
    const { status, stdout, stderr } = machine.install("--secret-file secret");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(
      "Started: Receiving on http://127.0.0.1:3004; 0 events stored since the start\n",
    );
    expect(machine.send()).toBe(0);
    expect(machine.get("systemctl is-enabled elevenlabs-webhook")).toBe("enabled");
    expect(machine.get("cat /proc/sys/net/ipv4/tcp_migrate_req")).toBe("1");
  });

  test("gives files to those who need them alone", () => {
    const modes = machine.get(
      "stat -Lc '%a %U %n' /usr/local/bin/elevenlabs-webhook /etc/elevenlabs-webhook/* /etc/systemd/system/elevenlabs-webhook.service /etc/sysctl.d/60-elevenlabs-webhook.conf",
    );
    expect(modes.split("\n")).toEqual([
      "755 root /usr/local/bin/elevenlabs-webhook",
      "600 root /etc/elevenlabs-webhook/environment",
      "600 root /etc/elevenlabs-webhook/secret",
      "644 root /etc/systemd/system/elevenlabs-webhook.service",
      "644 root /etc/sysctl.d/60-elevenlabs-webhook.conf",
    ]);
    const owner = machine.get("stat -c %u /proc/$(systemctl show -P MainPID elevenlabs-webhook)");
    expect(Number(owner)).toBeGreaterThan(60_000);
    const data = machine.get(
      "stat -c '%a %u' /var/lib/private/elevenlabs-webhook{,/audio,/transcripts.sqlite}",
    );
    expect(data).toBe(`700 ${owner}\n700 ${owner}\n600 ${owner}`);
  });

  test("hides the secret from all but root and the service", () => {
    const hidden = SECRET.slice("wsec_".length);
    expect(machine.get("systemctl show elevenlabs-webhook; journalctl -o json")).not.toContain(hidden);
    expect(
      machine.get("cat /proc/$(systemctl show -P MainPID elevenlabs-webhook)/{environ,cmdline}"),
    ).not.toContain(hidden);
    expect(
      machine.run("setpriv --reuid=nobody --clear-groups cat /etc/elevenlabs-webhook/secret").status,
    ).toBe(1);
  });

  test("passes systemd's own judges", () => {
    const unit = "/etc/systemd/system/elevenlabs-webhook.service";
    // It exits 0 on misspelt keys too: any word is a fault.
    expect(machine.run(`systemd-analyze verify ${unit}`)).toEqual({ status: 0, stdout: "", stderr: "" });
    const guide = readFileSync(join(import.meta.dir, "../../docs/install-vm.md"), "utf8");
    const [, usual, open] = /rates its exposure ([\d.]+) \(with `--public` ([\d.]+)\)/.exec(guide) ?? [];
    expect([usual, open]).toEqual(["1.2", "1.5"]);
    expect(exposureOf("service print")).toBe(Number(usual));
    for (const flags of ["", " --tls-cert-file /c.pem --tls-key-file /k.pem"]) {
      expect(exposureOf(`service print --public${flags}`)).toBe(Number(open));
    }
  });

  function exposureOf(command: string): number {
    machine.get(`/root/elevenlabs-webhook ${command} > /tmp/printed.service`);
    expect(machine.run("systemd-analyze verify /tmp/printed.service")).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    const said = machine.get("systemd-analyze security --offline=true --no-pager /tmp/printed.service");
    return Number(/exposure level for printed\.service: ([\d.]+)/.exec(said)?.[1]);
  }

  test("again keeps everything, and does not restart", () => {
    const before = machine.property("MainPID");
    const { status, stdout } = machine.install();
    expect([status, stdout.match(/^ {2}kept/gm)?.length]).toEqual([0, 5]);
    expect(machine.property("MainPID")).toBe(before);
  });

  test("lets its own checks run with the rights of the service, as docs/install-vm.md says", () => {
    const guide = readFileSync(join(import.meta.dir, "../../docs/install-vm.md"), "utf8");
    const [command = ""] = /systemd-run --pipe [^]*? check$/m.exec(guide) ?? [];
    const { status, stdout } = machine.run(command);
    expect(status).toBe(0);
    expect(stdout).toContain("no errors");
    expect(stdout).toMatch(/ENABLE_AUDIO_STORAGE +true/);
  });

  test("with another setting changes that one, and restarts", () => {
    const { status, stdout } = machine.install("--port 3005");
    expect(status).toBe(0);
    expect(stdout).toContain("changed  /etc/elevenlabs-webhook/environment");
    expect(stdout.match(/^ {2}kept/gm)).toHaveLength(4);
    expect(machine.send(3005)).toBe(0);
  });

  test("of a version that does not take over leaves the old one, which receives", () => {
    machine.dropIn("[Service]\nExecReload=\nExecReload=+/bin/false\n");
    const { status, stderr } = machine.install("--log-level DEBUG");
    expect(status).toBe(1);
    expect(stderr).toContain("everything is as it was before");
    expect(machine.property("ActiveState")).toBe("active");
    expect(machine.send(3005)).toBe(0);
    machine.get("rm -r /etc/systemd/system/elevenlabs-webhook.service.d; systemctl daemon-reload");
  });

  test("replaces the executable of a running service", () => {
    machine.get("echo old > /usr/local/bin/x && mv /usr/local/bin/x /usr/local/bin/elevenlabs-webhook");
    const { status, stdout } = machine.install();
    expect(status).toBe(0);
    expect(stdout).toContain("changed  /usr/local/bin/elevenlabs-webhook");
    expect(machine.send(3005)).toBe(0);
  });

  test("on a taken port is refused, by name, and the service goes on", async () => {
    machine.get(
      "systemd-run --quiet --unit=other sh -c 'exec /root/elevenlabs-webhook healthcheck; true' || true",
    );
    machine.get(
      "systemd-run --unit=tenant -E ELEVENLABS_WEBHOOK_SECRET=x /root/elevenlabs-webhook serve --port 3006",
    );
    await machine.until("ss -ltn | grep -q :3006");
    const { status, stderr } = machine.install("--port 3006");
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^Port 3006 is taken by elevenlabs-webhook \(process \d+\): stop it/),
    ]);
    expect(machine.send(3005)).toBe(0);
  });

  test("turns the reading API on by the file of its token, and off without", () => {
    const saysOff = () =>
      machine.run(
        "journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID elevenlabs-webhook) | grep -q 'API off'",
      ).status === 0;
    const file = "/etc/elevenlabs-webhook/api-token";
    machine.get(`umask 077; head -c 32 /dev/urandom | sha256sum | head -c 64 > ${file}`);
    machine.get("systemctl restart elevenlabs-webhook");
    expect(saysOff()).toBe(false);
    machine.get(`rm ${file}; systemctl restart elevenlabs-webhook`);
    expect(saysOff()).toBe(true);
  });

  test("makes a token for a service that runs, with which its own line reads the API", () => {
    const { status, stdout } = machine.install("--make-api-token");
    expect(status).toBe(0);
    expect(machine.get("stat -c '%a %U' /etc/elevenlabs-webhook/api-token")).toBe("600 root");
    // There is no curl in this machine.
    const [, url = ""] = /^API: .* (http\S+)'$/m.exec(stdout) ?? [];
    const { host, pathname } = new URL(url);
    const answer = machine.get(
      `exec 3<>/dev/tcp/${host.replace(":", "/")}; printf 'GET ${pathname} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nAuthorization: Bearer %s\\r\\n\\r\\n' "$(cat /etc/elevenlabs-webhook/api-token)" >&3; head -n 1 <&3`,
    );
    expect(answer).toStartWith("HTTP/1.1 200 OK");
    machine.get("rm /etc/elevenlabs-webhook/api-token; systemctl reload elevenlabs-webhook");
  });

  test("that takes over and dies soon after brings the old version back", () => {
    // It kills what has taken over.
    const news = "journalctl -u elevenlabs-webhook -o cat --cursor-file /root/cursor";
    const killer = [
      `until ${news} | grep -q 'Handing over'; do sleep 0.1; done; sleep 0.5`,
      "kill -KILL $(systemctl show -P MainPID elevenlabs-webhook)",
    ];
    writeFileSync(machine.path("/root/killer"), `${killer.join("\n")}\n`);
    machine.get(`${news} > /dev/null`);
    machine.get("systemd-run --quiet --unit=killer sh /root/killer");
    const { status, stderr } = machine.install("--log-level DEBUG");
    expect([status, stderr]).toEqual([1, expect.stringContaining("everything is as it was before")]);
    expect(stderr).toContain("It started, and ended within 3 seconds");
    expect(machine.get("cat /etc/elevenlabs-webhook/environment")).not.toMatch(/^LOG_LEVEL=/m);
    expect(machine.property("ActiveState")).toBe("active");
    expect(machine.send(3005)).toBe(0);
  });

  test("in public listens on port 80, with that one capability", () => {
    const { status } = machine.install("--public --port 80");
    expect(status).toBe(0);
    expect(machine.send(80)).toBe(0);
    const capabilities = machine.get(
      "grep CapEff /proc/$(systemctl show -P MainPID elevenlabs-webhook)/status",
    );
    expect(capabilities).toEndWith("\t0000000000000400");
  });

  test.skipIf(isOpensslMissing)("in public speaks HTTPS with files that only root may read", () => {
    const { folder } = makeCertificate(temporaryFolder());
    cpSync(folder, machine.path("/root/tls"), { recursive: true });
    const { status, stdout } = machine.install(
      "--public --port 443 --tls-cert-file tls/cert.pem --tls-key-file tls/key.pem",
    );
    expect(status).toBe(0);
    expect(stdout).toContain("Started: Receiving on https://127.0.0.1:443;");
    const settings =
      "ELEVENLABS_WEBHOOK_PORT=443 TLS_CERT_FILE=/root/tls/cert.pem TLS_KEY_FILE=/root/tls/key.pem";
    expect(machine.get(`${settings} /root/elevenlabs-webhook healthcheck`)).toBe("healthy");
    expect(machine.get("stat -c %a /root/tls /root/tls/key.pem")).toBe("700\n600");
  });

  test("undone keeps settings, secret and data, and another install goes on with them", () => {
    const before = machine.query("SELECT count(*) FROM events").stdout;
    const { status, stdout } = machine.run("/root/elevenlabs-webhook service uninstall");
    expect(status).toBe(0);
    expect(stdout).toContain("kept     /var/lib/private/elevenlabs-webhook\n");
    expect(filesOfService().split("\n")).toEqual([
      "/etc/elevenlabs-webhook",
      "/etc/elevenlabs-webhook/environment",
      "/etc/elevenlabs-webhook/secret",
      "/var/lib/elevenlabs-webhook",
      "/var/lib/private/elevenlabs-webhook",
    ]);
    expect(machine.run("systemctl is-active elevenlabs-webhook").stdout).toBe("inactive\n");
    expect(machine.install("--port 3004").status).toBe(0);
    expect(machine.query("SELECT count(*) FROM events").stdout).toBe(before);
  });
});
