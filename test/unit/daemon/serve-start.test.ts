import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../helpers/command.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { freePort } from "../../helpers/ports.ts";

const place = {
  ELEVENLABS_WEBHOOK_SECRET: SECRET,
  ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
  MIN_FREE_DISK_BYTES: "0",
};

function stopSoon(stop: () => void): () => void {
  setTimeout(stop, 10);
  return () => {};
}

test("a start on a taken port says who has it, and touches no data", async () => {
  const folder = mkdtempSync(join(tmpdir(), "serve-"));
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const environment = { ...place, ELEVENLABS_WEBHOOK_PORT: String(server.port) };
  const { status, stdout } = await runCommand(["serve"], { environment, folder });
  await server.stop(true);
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /ERROR +Can't start: port \d+ is taken by .+\. Stop it, or set ELEVENLABS_WEBHOOK_PORT to a free one\.\n$/,
  );
  expect(
    await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: folder, dot: true, onlyFiles: false })),
  ).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("a start in a folder that can't be written says what to do", async () => {
  const environment = {
    ...place,
    ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
    TRANSCRIPT_STORAGE_PATH: "/proc/nowhere/x.sqlite",
  };
  const { status, stdout } = await runCommand(["serve"], { environment });
  expect([status, stdout]).toEqual([
    1,
    expect.stringMatching(
      /Can't start: folder \/proc can't be written \(\w+\), and TRANSCRIPT_STORAGE_PATH needs it\. Give this user/,
    ),
  ]);
});

test("a start with little disk warns and receives all the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "serve-"));
  const environment = {
    ...place,
    ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
    MIN_FREE_DISK_BYTES: "1024GiB",
  };
  const { status, stdout } = await runCommand(["serve"], { environment, folder, onStopSignal: stopSoon });
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
  expect(stdout).toMatch(/WARNING .*less than MIN_FREE_DISK_BYTES/);
  expect(stdout).toContain("Listening on");
});

test("a start with an API that is public and unencrypted warns, and receives all the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "serve-"));
  const environment = {
    ...place,
    ELEVENLABS_WEBHOOK_HOST: "0.0.0.0",
    ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
    API_TOKEN: "0123456789abcdef0123456789abcdef",
  };
  const { stdout } = await runCommand(["serve"], { environment, folder, onStopSignal: stopSoon });
  rmSync(folder, { recursive: true });
  expect(stdout).toMatch(/WARNING +The API is on for every address, without encryption: .+ Set API_SOURCES/);
  expect(stdout).toContain("Listening on");
});
