import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOpensslMissing, makeCertificate } from "../helpers/certificate.ts";
import { SECRET } from "../helpers/deliveries.ts";
import { blocksOf, documents, ROOT } from "../helpers/documents.ts";
import type { Block } from "../helpers/documents.ts";
import { FAKE_KEY } from "../helpers/fake-elevenlabs/server.ts";
import { canBoot } from "./machine.ts";
import { freshMachine } from "./service.ts";

setDefaultTimeout(180_000);

const HOST = "webhooks.example.com";
/** These begin without the service: they install it. */
const FROM_SCRATCH = new Set(["README.md", "docs/install-vm.md", "docs/connect.md"]);
const AUTHORITY = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt";
/** What connect asks a person for, and the fake that stands for ElevenLabs. */
const CONNECT = {
  ELEVENLABS_API_KEY: FAKE_KEY,
  ELEVENLABS_API_URL: "http://127.0.0.1:4010",
  NODE_EXTRA_CA_CERTS: AUTHORITY,
};

const assignments = Object.entries(CONNECT).map(([name, value]) => `${name}=${value}`);

/** Blocks that build on each other, on one machine. */
const sequences = documents.flatMap((path) => {
  const found: Block[][] = [];
  for (const block of blocksOf(path)) {
    if (block.note.kind !== "vm") continue;
    if (found.length === 0 || block.note.isNew) found.push([]);
    found.at(-1)?.push(block);
  }
  return found.map((blocks, index) => ({ path, blocks, name: `${path}, machine ${index + 1}` }));
});

describe.skipIf(!canBoot("the documents' commands on a VM") || isOpensslMissing)(
  "the documents' commands for a VM",
  () => {
    let machine: Awaited<ReturnType<typeof freshMachine>>;
    afterEach(() => machine.stop());

    test.each(sequences)("$name", async ({ path, blocks }) => {
      machine = await freshMachine();
      prepareMachine();
      if (path === "docs/connect.md") await prepareHttps();
      if (!FROM_SCRATCH.has(path)) {
        expect(machine.install("--secret-file secret").status).toBe(0);
        expect(machine.send()).toBe(0);
      }
      for (const { line, text } of blocks) {
        // The installer's question is answered; what else reads from the terminal would get this too.
        const script = `cd /root; export CURL_CA_BUNDLE=${AUTHORITY} ${assignments.join(" ")}
sudo() { command sudo --preserve-env=${Object.keys(CONNECT).join(",")} "$@"; }
exec 0<<<'${SECRET}'\nset -euo pipefail\n${text}`;
        const { status, stdout, stderr } = machine.run(script);
        if (status !== 0) throw new Error(`${path}:${line}: exit status ${status}\n${stdout}${stderr}`);
      }
      // One was delivered, by the document or before: it is there still, or again.
      expect(Number(machine.query("SELECT count(*) FROM events").stdout)).toBe(1);
    });

    /** What its guide takes for granted. */
    async function prepareHttps(): Promise<void> {
      writeFileSync(machine.path("/etc/caddy/Caddyfile"), `${HOST} {\n\treverse_proxy 127.0.0.1:3004\n}\n`);
      machine.get("systemctl reload caddy");
      await machine.until(`[ -s ${AUTHORITY} ]`);
    }

    /** What apt-get would have done, a name for this host, and certificates from nobody else. */
    function prepareMachine(): void {
      machine.onItsNetwork(process.execPath, join(ROOT, "scripts/fake-elevenlabs.ts"), "4010");
      machine.get(`rm /etc/systemd/system/caddy.service; echo 127.0.0.1 localhost ${HOST} >> /etc/hosts`);
      writeFileSync(
        machine.path("/usr/local/bin/caddy"),
        `#!/bin/bash
# Caddy's own authority stands for the public one.
{ printf '{\\n\\tlocal_certs\\n\\tskip_install_trust\\n}\\n'; cat /etc/caddy/Caddyfile; } > /tmp/Caddyfile
args=("\${@//\\/etc\\/caddy\\/Caddyfile//tmp/Caddyfile}")
exec /usr/bin/caddy "\${args[@]}"
`,
        { mode: 0o755 },
      );
      machine.get(`mkdir -p /etc/systemd/system/caddy.service.d; printf '%s\\n' '[Service]' ExecStart= \
        'ExecStart=/usr/local/bin/caddy run --environ --config /etc/caddy/Caddyfile' ExecReload= \
        'ExecReload=/usr/local/bin/caddy reload --config /etc/caddy/Caddyfile --force' PrivateTmp=no \
        > /etc/systemd/system/caddy.service.d/lab.conf; systemctl daemon-reload; systemctl start caddy || { journalctl -u caddy --no-pager; false; }`);
      const certificate = makeCertificate(tmpdir(), HOST);
      const live = machine.path(`/etc/letsencrypt/live/${HOST}`);
      mkdirSync(live, { recursive: true });
      cpSync(certificate.certFile, `${live}/fullchain.pem`);
      cpSync(certificate.keyFile, `${live}/privkey.pem`);
    }
  },
);
