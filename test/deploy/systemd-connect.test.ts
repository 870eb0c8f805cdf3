import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAKE_KEY } from "../helpers/fake-elevenlabs/server.ts";
import { ROOT } from "../helpers/documents.ts";
import { canBoot } from "./machine.ts";
import { freshMachine } from "./service.ts";

setDefaultTimeout(300_000);

const NAME = "elevenlabs-webhook";
const ADDRESS = "https://hooks.example.com/webhook";
const API = "https://api.example.com";
const AUTHORITY = "/etc/lab-authority.crt";

describe.skipIf(!canBoot("connecting an empty machine"))("an empty machine", () => {
  let machine: Awaited<ReturnType<typeof freshMachine>>;

  beforeAll(async () => {
    machine = await freshMachine();
    machine.onItsNetwork(process.execPath, join(ROOT, "test/deploy/name-server.ts"));
    machine.onItsNetwork(process.execPath, join(ROOT, "scripts/fake-elevenlabs.ts"), "4010");
    machine.get("rm -f /etc/resolv.conf; echo nameserver 127.0.0.53 > /etc/resolv.conf");
    writeFileSync(
      machine.path("/root/Caddyfile"),
      `{
	local_certs
	skip_install_trust
}
hooks.example.com {
	reverse_proxy 127.0.0.1:3004
}
api.example.com {
	reverse_proxy 127.0.0.1:4010
}
`,
    );
    machine.get("systemd-run --quiet --setenv=HOME=/root caddy run --config /root/Caddyfile");
    await machine.until("[ -s /root/.local/share/caddy/pki/authorities/local/root.crt ]");
    machine.get(`install -m 644 /root/.local/share/caddy/pki/authorities/local/root.crt ${AUTHORITY}`);
    await machine.until(`curl -s --cacert ${AUTHORITY} ${API}/v1/convai/settings`);
  });
  afterAll(() => machine.stop());

  const environment = `ELEVENLABS_API_URL=${API} NODE_EXTRA_CA_CERTS=${AUTHORITY}`;
  const run = (command: string) =>
    machine.run(`cd /root && echo ${FAKE_KEY} | env ${environment} ${command}`);
  const ask = (path: string) =>
    JSON.parse(machine.get(`curl -fsS --cacert ${AUTHORITY} -H 'xi-api-key: ${FAKE_KEY}' ${API}${path}`));
  const namedId = () => ask("/v1/convai/settings").webhooks.post_call_webhook_id;
  const secrets = () => machine.get(`cat /etc/${NAME}/secret`).split(",");

  test("is installed and connected by one command", () => {
    const { status, stdout, stderr } = run(
      `./${NAME} service install --host 127.0.0.1 --trusted-proxies 127.0.0.1 --connect ${ADDRESS}`,
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("not connected: run connect");
    expect(stdout).toMatch(/ address {3}ok {8}answers \/health, certificate until \d{4}-/);
    expect(stdout).toMatch(/ settings {2}changed /);
    expect(ask("/v1/workspace/webhooks").webhooks).toMatchObject([
      { webhook_id: namedId(), webhook_url: ADDRESS, is_disabled: false },
    ]);
    expect(secrets()).toEqual([expect.stringMatching(/^wsec_[0-9a-f]{64}$/)]);
    expect(machine.get(`stat -c '%a %U' /etc/${NAME}/secret /etc/${NAME}/connection.json`)).toBe(
      "600 root\n644 root",
    );
    expect(machine.property("StatusText")).toStartWith("Receiving on ");
    const send = `/usr/local/bin/${NAME} send --sample transcription --url ${ADDRESS}`;
    const secret = `ELEVENLABS_WEBHOOK_SECRET_FILE=/etc/${NAME}/secret`;
    expect(machine.run(`env NODE_EXTRA_CA_CERTS=${AUTHORITY} ${secret} ${send}`).status).toBe(0);
    expect(machine.query("SELECT count(*) FROM events").stdout).toBe("1\n");
  });

  test("rotates its secret without being away", () => {
    const [old = ""] = secrets();
    expect(run(`${NAME} connect --rotate`)).toMatchObject({ status: 0, stderr: "" });
    expect([secrets()[0], secrets().length]).toEqual([old, 2]);
    expect(run(`${NAME} connect --finish`)).toMatchObject({ status: 0, stderr: "" });
    expect([secrets().length, secrets().includes(old)]).toEqual([1, false]);
    expect(ask("/v1/workspace/webhooks").webhooks).toMatchObject([{ webhook_id: namedId() }]);
    expect(run(`${NAME} connect status`)).toMatchObject({ status: 0 });
  });

  test("holds key and secrets nowhere but in the secret's file, and logs neither", () => {
    const onDisk = ["/etc", "/var", "/tmp", "/root"];
    const found = (text: string, ...folders: string[]) =>
      machine.run(`grep -rlsF ${text} ${folders.join(" ")}`).stdout.trim();
    expect(found(FAKE_KEY, ...onDisk, `/run/${NAME}`)).toBe("");
    // A reload keeps its credentials in memory, below /run.
    expect(found(secrets()[0] ?? "none", ...onDisk)).toBe(`/etc/${NAME}/secret`);
    const journal = machine.get("journalctl --no-pager");
    for (const text of [FAKE_KEY, ...secrets()]) expect(journal).not.toContain(text);
  });

  test("fetches what it missed, by name and HTTPS, from within the sandbox and with the key of its credential", () => {
    machine.get(`(umask 077; echo ${FAKE_KEY} > /etc/${NAME}/api-key)`);
    const settings = ["RECOVER=all", `ELEVENLABS_API_URL=${API}`, `NODE_EXTRA_CA_CERTS=${AUTHORITY}`];
    for (const line of settings) machine.get(`echo ${line} >> /etc/${NAME}/environment`);
    machine.get(`systemctl restart ${NAME}`);
    const { status, stdout, stderr } = machine.run(`${NAME} recover --since 7d`);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Recovered \d+ transcripts and \d+ recordings/m);
    const recovered = machine.query("SELECT count(*) FROM events WHERE source = 'recovered'").stdout;
    expect(Number(recovered)).toBeGreaterThan(20);
    const journal = machine.get(`journalctl --no-pager --output=cat -u ${NAME}`);
    expect(journal).not.toContain(FAKE_KEY);
    const shown = machine.get(
      `systemctl show ${NAME}; cat /proc/$(systemctl show -P MainPID ${NAME})/cmdline`,
    );
    expect(shown).not.toContain(FAKE_KEY);
  });
});
