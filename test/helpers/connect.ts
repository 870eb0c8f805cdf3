import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FakeElevenLabs } from "./fake-elevenlabs/server.ts";
import { EXECUTABLE } from "./receiver.ts";

/** In a header of the workspace's settings. */
export const HEADER_TOKEN = "Bearer token-of-somebody-elses-header";

export type ConnectRoom = ReturnType<typeof connectRoom>;

/** The executable's `connect` in a folder of its own, against a fake of ElevenLabs. */
export function connectRoom(fake: FakeElevenLabs, folder: string) {
  let running: Bun.Subprocess | null = null;
  const secretFile = join(folder, "secret");
  const { workspace } = fake;

  const named = () => {
    const { post_call_webhook_id: id } = workspace.settings.webhooks as {
      post_call_webhook_id: string | null;
    };
    return workspace.webhooks.find((webhook) => webhook.id === id);
  };

  /** Nothing but the secret's file may hold a secret, and nothing the key. */
  function expectNothingShown(output: string): void {
    const hidden = [fake.key, HEADER_TOKEN, ...workspace.webhooks.map(({ secret }) => secret)];
    for (const text of hidden) expect(output).not.toContain(text);
    for (const name of readdirSync(folder).filter((one) => !/^secret(\.new)?$/.test(one))) {
      const content = readFileSync(join(folder, name), "utf8");
      for (const text of hidden) expect(content).not.toContain(text);
    }
  }

  return {
    fake,
    folder,
    secretFile,
    /** The webhook that the settings name. */
    named,
    secrets: () => (existsSync(secretFile) ? readFileSync(secretFile, "utf8").trim().split(",") : []),

    /** Runs it with the key in a pipe, and finds that neither key nor secrets are shown or stored elsewhere. */
    async connect(args: string[], environment: Record<string, string> = {}, command = [EXECUTABLE]) {
      const child = Bun.spawn([...command, "connect", ...args], {
        cwd: folder,
        env: { PATH: process.env.PATH ?? "", ELEVENLABS_API_URL: fake.url, ...environment },
        stdin: Buffer.from(`${fake.key}\n`),
        stdout: "pipe",
        stderr: "pipe",
      });
      running = child;
      expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8")).not.toContain(fake.key);
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      const status = await child.exited;
      expectNothingShown(stdout + stderr);
      return { status, stdout, stderr };
    },

    /** Ends the run that is under way. */
    kill: () => running?.kill("SIGKILL"),
  };
}

/** Stands for the address that leads to a receiver elsewhere. */
export function startAddress() {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => Response.json({ status: "healthy", service: "elevenlabs-webhook" }),
  });
}
