import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { canBoot } from "./machine.ts";
import { freshMachine } from "./service.ts";

setDefaultTimeout(180_000);

const CONFIG = "/etc/elevenlabs-webhook/forward.json";
const UNIT = "/etc/systemd/system/elevenlabs-webhook.service";
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
/** As docs/forward.md has it. */
const COMMAND = `systemd-run --pipe --wait --quiet -p DynamicUser=yes -p User=elevenlabs-webhook \
-p StateDirectory=elevenlabs-webhook -p EnvironmentFile=/etc/elevenlabs-webhook/environment \
-p LoadCredential=FORWARD_CONFIG:${CONFIG} /usr/local/bin/elevenlabs-webhook`;

describe.skipIf(!canBoot("forwarding under systemd"))("the service", async () => {
  let machine: Awaited<ReturnType<typeof freshMachine>>;
  beforeAll(async () => {
    machine = await freshMachine();
    const installed = machine.install("--secret-file secret");
    if (installed.status !== 0) throw new Error(installed.stdout + installed.stderr);
  });
  afterAll(() => machine.stop());

  const journal = () => machine.get("journalctl -u elevenlabs-webhook -o cat --no-pager");
  const isActive = () => machine.run("systemctl is-active elevenlabs-webhook").stdout;

  test("starts without a file of destinations", () => {
    expect(isActive()).toBe("active\n");
    expect(machine.send()).toBe(0);
    expect(journal()).not.toContain("FORWARD_CONFIG");
  });

  test("takes the file up at a reload, and sends what it then receives, from within its sandbox", async () => {
    machine.get("systemd-run --unit=sink caddy respond --listen 127.0.0.1:5678 --status 204");
    const destinations = [{ name: "n8n", url: "http://127.0.0.1:5678/webhook/calls", secret: SECRET }];
    writeFileSync(machine.path(CONFIG), JSON.stringify({ destinations }), { mode: 0o600 });
    machine.get("systemctl reload elevenlabs-webhook");
    expect(machine.send()).toBe(0);
    await machine.until(
      `${COMMAND} forward status | grep -qx 'n8n  ok  at event 2 of 2, 0 waiting to be repeated, 0 dead'`,
    );
    expect(machine.run(`${COMMAND} forward test n8n`).stdout).toContain("result   taken");
  });

  test("goes on with it after a start", async () => {
    machine.get("systemctl restart elevenlabs-webhook");
    expect(machine.send()).toBe(0);
    await machine.until(`${COMMAND} forward status | grep -qF 'at event 3 of 3, 0 waiting'`);
  });

  test("refuses to reload with a faulty file, and goes on; starts with it, and sends nothing", async () => {
    const before = readFileSync(machine.path(CONFIG), "utf8");
    writeFileSync(machine.path(CONFIG), '{"destinations": [{}]}', { mode: 0o600 });
    expect(machine.run("systemctl reload elevenlabs-webhook").status).not.toBe(0);
    expect(machine.send()).toBe(0);
    machine.get("systemctl restart elevenlabs-webhook");
    expect(machine.send()).toBe(0);
    expect(journal()).toContain("FORWARD_CONFIG: destinations[0].url");
    writeFileSync(machine.path(CONFIG), before, { mode: 0o600 });
    machine.get("systemctl reload elevenlabs-webhook");
    await machine.until(`${COMMAND} forward status | grep -qF 'at event 5 of 5, 0 waiting'`);
  });

  test("goes on under the unit of an earlier version, without destinations", () => {
    const unit = readFileSync(machine.path(UNIT), "utf8");
    const earlier = unit
      .replace(/^LoadCredential=FORWARD_CONFIG.*\n/m, "")
      .replace(/^SetCredential=FORWARD_CONFIG.*\n/m, "")
      .replace(/,FORWARD_CONFIG:\S+/, "");
    expect(earlier).not.toContain("FORWARD_CONFIG");
    writeFileSync(machine.path(UNIT), earlier);
    machine.get(
      "systemctl daemon-reload && systemctl restart elevenlabs-webhook && systemctl reload elevenlabs-webhook",
    );
    expect(isActive()).toBe("active\n");
    expect(machine.send()).toBe(0);
  });
});
