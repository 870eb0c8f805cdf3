import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { fixture, SECRET, sign, transcription } from "../helpers/deliveries.ts";
import { freePort } from "../helpers/ports.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

const folder = mkdtempSync(join(tmpdir(), "commands-"));
let receiver: Receiver;
let environment: Record<string, string>;

beforeAll(async () => {
  receiver = await startReceiver();
  environment = {
    ELEVENLABS_WEBHOOK_SECRET: SECRET,
    ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
    ELEVENLABS_WEBHOOK_PORT: String(receiver.port),
    TRANSCRIPT_STORAGE_PATH: join(receiver.folder, "transcripts.sqlite"),
    AUDIO_STORAGE_PATH: join(receiver.folder, "audio"),
  };
});
afterAll(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) => runExecutable(args, environment, folder);

test("a sample call with its recording ends up in the receiver's data", async () => {
  const before = receiver.rows("SELECT 1 FROM events").length;
  expect(await run("send", "--sample", "transcription")).toMatchObject({ status: 0, stderr: "" });
  expect(await run("send", "--sample", "audio", "--chunked")).toMatchObject({ status: 0, stderr: "" });
  expect(receiver.rows("SELECT 1 FROM events")).toHaveLength(before + 2);
  const [recording] = receiver.rows<{ audio_path: string }>(
    "SELECT audio_path FROM conversations WHERE audio_path IS NOT NULL",
  );
  const path = join(receiver.folder, "audio", recording?.audio_path ?? "none");
  expect(readFileSync(path).equals(fixture("tone.mp3"))).toBe(true);
});

test("many events at once are all stored", async () => {
  const before = receiver.rows("SELECT 1 FROM events").length;
  const { status, stdout } = await run(
    "send",
    "--sample",
    "failure",
    "--count",
    "200",
    "--concurrency",
    "8",
    "--json",
  );
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, statuses: { 200: 200 } });
  expect(receiver.rows("SELECT 1 FROM events")).toHaveLength(before + 200);
});

test("a wrong signature and an old one are refused, as they should be", async () => {
  expect((await run("send", "--sample", "otel", "--invalid")).status).toBe(0);
  expect((await run("send", "--sample", "otel", "--age", "3600")).status).toBe(0);
  expect((await run("send", "--sample", "otel", "--secret", "wsec_other")).status).toBe(1);
});

test("verify reads standard input and names the cause", async () => {
  const body = transcription("conv_1");
  const child = Bun.spawn([EXECUTABLE, "verify", "--header", sign(body)], {
    env: environment,
    stdin: Buffer.from(`${body}\n`),
    stdout: "pipe",
  });
  expect(await child.stdout.text()).toContain("the body without the line end at its end");
  expect(await child.exited).toBe(1);
});

test("what sign prints, verify accepts", async () => {
  const path = join(folder, "body.json");
  await Bun.write(path, transcription("conv_1"));
  const { stdout } = await run("sign", path);
  expect(await run("verify", "--header", stdout.trim(), path)).toMatchObject({ status: 0 });
});

test("check finds everything in order beside a running receiver", async () => {
  const { status, stdout, stderr } = await run("check", "--json");
  const { ok, checks } = JSON.parse(stdout);
  expect({ ok, status, stderr }).toEqual({ ok: true, status: 0, stderr: "" });
  expect(checks.find(({ subject }: { subject: string }) => subject === "port").text).toContain(
    "a running receiver",
  );
  expect(stdout).not.toContain(SECRET);
});

test("a second receiver on the port does not start and says who has it", async () => {
  const { status, stdout } = await run("serve");
  expect(status).toBe(1);
  expect(stdout).toContain(
    `port ${receiver.port} is taken by elevenlabs-webhook (process ${receiver.child.pid})`,
  );
});

test("healthcheck tells by its exit status", async () => {
  expect(await run("healthcheck")).toEqual({ status: 0, stdout: "healthy\n", stderr: "" });
  environment.ELEVENLABS_WEBHOOK_PORT = String(await freePort());
  const { status, stderr } = await run("healthcheck");
  environment.ELEVENLABS_WEBHOOK_PORT = String(receiver.port);
  expect([status, stderr]).toEqual([1, expect.stringContaining("nothing listens")]);
});

test("every command has help, without colours in a pipe", async () => {
  for (const { name } of commands) {
    const { status, stdout, stderr } = await run(name, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: elevenlabs-webhook ${name}`);
    expect(stdout).not.toContain("\u001b");
  }
});

test("wrong usage is one line on standard error, without a stack trace", async () => {
  for (const [args, status] of [
    [["send", "none.json"], 64],
    [["send", "--sample", "audoi"], 64],
    [["send", "--url", "nowhere", "--sample", "audio"], 64],
    [["send", "--url", `http://127.0.0.1:${await freePort()}`, "--sample", "audio"], 1],
    [["verify", "--header", "x", "."], 64],
    [["verify", "--header", "x"], 64],
    [["sign", "none.json"], 64],
    [["chekc"], 64],
    [["check", "--nothing"], 64],
  ] as const) {
    const result = await run(...args);
    expect([args, result.status, result.stdout]).toEqual([args, status, ""]);
    expect(result.stderr).toMatch(/^.+\n$/);
  }
});
