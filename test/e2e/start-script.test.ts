import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../helpers/receiver.ts";

setDefaultTimeout(120_000);

const script = join(import.meta.dir, "../../scripts/start");

/** A machine whose Bun, if any, is not the one that is pinned. */
function folderWithAnotherBun(): string {
  const folder = mkdtempSync(join(tmpdir(), "start-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/bun"), '#!/bin/sh\necho "1.0.0"\n');
  chmodSync(join(folder, "bin/bun"), 0o755);
  return folder;
}

test("scripts/start shows the receiver working where there is no secret, and stops in order", async () => {
  const folder = folderWithAnotherBun();
  const port = await freePort();
  const child = Bun.spawn([script], {
    cwd: folder,
    env: {
      HOME: process.env.HOME ?? "",
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      ELEVENLABS_WEBHOOK_PORT: String(port),
    },
    stdout: "pipe",
    stderr: "ignore",
  });
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (output.includes("Everything again:") && !output.includes("Stopping")) child.kill("SIGTERM");
  }
  await child.exited;

  expect(output.match(/result +as expected/g)).toHaveLength(3);
  expect(output).toMatch(/events +3 rows/);
  expect(output).toMatch(/call_failures +1 rows/);
  expect(output).toContain(`http://127.0.0.1:${port}/docs`);
  const [, recording = ""] = /^Recording: +(.+)$/m.exec(output) ?? [];
  expect(existsSync(recording)).toBe(true);
  expect(output).toContain("Stopped");
  expect(existsSync(join(folder, "data/transcripts.sqlite.running"))).toBe(false);
  rmSync(folder, { recursive: true });
});

test("scripts/start obeys the secret of .env", async () => {
  const folder = folderWithAnotherBun();
  writeFileSync(join(folder, ".env"), `ELEVENLABS_WEBHOOK_SECRET=wsec_of_env\nELEVENLABS_WEBHOOK_PORT=0\n`);
  const child = Bun.spawn([script], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  // It is the receiver itself that runs, and that finds the other setting faulty.
  expect(await child.exited).toBe(78);
  expect(errors).toContain("ELEVENLABS_WEBHOOK_PORT");
  expect(errors).not.toContain("ELEVENLABS_WEBHOOK_SECRET");
  rmSync(folder, { recursive: true });
});
