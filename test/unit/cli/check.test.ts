import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newPlaceholder } from "../../../src/config/config.ts";
import { options } from "../../../src/config/options.ts";
import { runCommand } from "../../helpers/command.ts";
import { startFakeElevenLabs } from "../../helpers/fake-elevenlabs/server.ts";
import { openTestApp } from "../../helpers/app.ts";
import { audio, SECRET } from "../../helpers/deliveries.ts";
import { freePort } from "../../helpers/ports.ts";

const folder = mkdtempSync(join(tmpdir(), "check-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function environmentWith(more: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    ELEVENLABS_WEBHOOK_SECRET: SECRET,
    ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
    ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
    MIN_FREE_DISK_BYTES: "0",
    ...more,
  };
}

type Check = { subject: string; level: string; text: string; remedy: string | null };

async function checks(environment: Record<string, string>, args: string[] = []) {
  const { status, stdout } = await runCommand(["check", "--json", ...args], { environment, folder });
  const answer: {
    ok: boolean;
    settings: { name: string; value: string; origin: string }[];
    checks: Check[];
  } = JSON.parse(stdout);
  expect(answer.ok).toBe(status === 0);
  return {
    ...answer,
    status,
    of: (subject: string) => answer.checks.filter((each) => each.subject === subject),
  };
}

test("a receiver that is not connected yet is told how to be", async () => {
  const { status, of } = await checks(await environmentWith({ ELEVENLABS_WEBHOOK_SECRET: newPlaceholder() }));
  expect([status, of("secret")]).toEqual([
    0,
    [
      {
        subject: "secret",
        level: "warning",
        text: "none of ElevenLabs yet: nobody can deliver",
        remedy: "Run: elevenlabs-webhook connect https://your.host/webhook",
      },
    ],
  ]);
});

test("a place that is in order has no errors", async () => {
  const { status, checks: all } = await checks(await environmentWith());
  expect(all.filter(({ level }) => level === "error")).toEqual([]);
  expect(status).toBe(0);
  expect(all.map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(["settings", "secret", "port", "folder", "disk", "limits", "database", "clock"]),
  );
});

test("shows every setting and where it came from, and masks secrets", async () => {
  const environment = await environmentWith({ LOG_LEVEL: "DEBUG" });
  const { status, stdout } = await runCommand(["check", "--port", "3999"], { environment, folder });
  expect(status).toBe(0);
  for (const { name } of Object.values(options)) expect(stdout).toContain(`  ${name} `);
  expect(stdout).toMatch(/ELEVENLABS_WEBHOOK_PORT +3999 +flag --port\n/);
  expect(stdout).toMatch(/LOG_LEVEL +DEBUG +environment\n/);
  expect(stdout).toMatch(/LOG_FORMAT +text +default\n/);
  expect(stdout).toMatch(/ELEVENLABS_WEBHOOK_SECRET +wsec_…cdef +environment\n/);
  expect(stdout).toMatch(/\nno errors, \d warnings?\n$/);
});

test("never shows a secret, long, short or several", async () => {
  for (const secret of [SECRET, "short-secret", `${SECRET.slice(0, 40)},${SECRET}`, `"${SECRET}"`]) {
    const environment = await environmentWith({ ELEVENLABS_WEBHOOK_SECRET: secret });
    for (const args of [["check"], ["check", "--json"]]) {
      const { stdout, stderr } = await runCommand(args, { environment, folder });
      for (const one of secret.split(",")) expect(stdout + stderr).not.toContain(one);
      expect(stdout + stderr).not.toContain(SECRET.slice(5, 30));
    }
  }
});

test("never shows the key of ElevenLabs' API, and shows what is recovered", async () => {
  const key = "sk_0123456789abcdef0123456789abcdef";
  for (const args of [["check"], ["check", "--json"]]) {
    const environment = await environmentWith({ ELEVENLABS_API_KEY: key });
    const { stdout, stderr } = await runCommand(args, { environment, folder });
    expect(stdout + stderr).not.toContain(key.slice(3, 20));
  }
  for (const agents of ["all", "agent_1,agent_2"]) {
    const environment = await environmentWith({ RECOVER: agents });
    const { stdout } = await runCommand(["check"], { environment, folder });
    expect(stdout).toMatch(new RegExp(`RECOVER +${agents} +environment`));
  }
});

describe("the key of ElevenLabs' API", () => {
  const keys = { sk_reads: ["convai_read"], sk_manages: ["convai_read", "webhooks_write"], sk_nothing: [] };
  const found = async (environment: Record<string, string>) => {
    const fake = await startFakeElevenLabs({ keys });
    const { of } = await checks(await environmentWith({ ELEVENLABS_API_URL: fake.url, ...environment }));
    await fake.stop();
    return of("API key").map(({ level, text }) => `${level}: ${text}`);
  };

  test.each<[string, Record<string, string>, string[]]>([
    ["is not missed", {}, []],
    [
      "is needed to recover",
      { RECOVER: "all" },
      ["error: RECOVER is on, and there is no key: nothing is fetched"],
    ],
    [
      "is for nothing without recovery",
      { ELEVENLABS_API_KEY: "sk_reads" },
      ["warning: there is a key, and RECOVER is off: nothing is fetched"],
    ],
    [
      "is best if it reads only",
      { RECOVER: "all", ELEVENLABS_API_KEY: "sk_reads" },
      ["ok: reads conversations, and no webhooks"],
    ],
    [
      "is too powerful if it manages webhooks",
      { RECOVER: "agent_1", ELEVENLABS_API_KEY: "sk_manages" },
      [
        "warning: it may do more than read conversations: someone who breaks in could send the workspace's calls elsewhere",
      ],
    ],
    [
      "is too weak without convai_read",
      { RECOVER: "all", ELEVENLABS_API_KEY: "sk_nothing" },
      ["error: the API key lacks the permission convai_read: add it to the key at ElevenLabs"],
    ],
  ])("%s", async (_, environment, expected) => {
    expect(await found(environment)).toEqual(expected);
  });
});

test("a setting that is wrong is an error with a remedy, and the rest is checked all the same", async () => {
  const { status, of } = await checks(
    await environmentWith({
      MAX_BODY_BYTES: "much",
      ELEVENLABS_WEBHOOK_SECRET: " ",
      ELEVENLABS_WEBHOOK_PROT: "1",
    }),
  );
  expect(status).toBe(1);
  expect(of("settings").map(({ level, text }) => [level, text])).toEqual([
    ["error", "ELEVENLABS_WEBHOOK_SECRET: not set"],
    ["error", expect.stringContaining('MAX_BODY_BYTES: "much" is not a number of bytes')],
    ["error", expect.stringContaining("did you mean ELEVENLABS_WEBHOOK_PORT?")],
  ]);
  expect(of("settings")[0]?.remedy).toStartWith("Set it, or ELEVENLABS_WEBHOOK_SECRET_FILE");
  expect(of("port")[0]?.level).toBe("ok");
});

test("a secret of another shape is a warning", async () => {
  const { status, of } = await checks(await environmentWith({ ELEVENLABS_WEBHOOK_SECRET: "sk_0123456789" }));
  expect([status, of("secret")[0]?.level]).toEqual([0, "warning"]);
});

test("a folder that can't be written, or is a file, is an error", async () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "x");
  for (const [path, text] of [
    ["/proc/nowhere/x.sqlite", "/proc can't be written"],
    [join(file, "x.sqlite"), "is not a folder"],
  ] as const) {
    const { status, of } = await checks(await environmentWith({ TRANSCRIPT_STORAGE_PATH: path }));
    expect([status, of("folder")[0]]).toMatchObject([
      1,
      { level: "error", text: expect.stringContaining(text) },
    ]);
  }
});

test("too little disk is an error", async () => {
  const { status, of } = await checks(await environmentWith({ MIN_FREE_DISK_BYTES: "1024GiB" }));
  expect([status, of("disk")[0]?.level]).toEqual([1, "error"]);
});

test("a port that another program has is an error that names it", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
  const environment = await environmentWith({ ELEVENLABS_WEBHOOK_PORT: String(server.port) });
  const { status, of } = await checks(environment);
  await server.stop(true);
  expect([status, of("port")[0]]).toMatchObject([1, { level: "error" }]);
  expect(of("port")[0]?.text).toMatch(/is taken by .*(another program|process \d+)/);
});

test("a port that a receiver has is in order while it is healthy", async () => {
  const health = { status: "healthy", service: "elevenlabs-webhook" };
  let code = 200;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => Response.json(health, { status: code }),
  });
  const environment = await environmentWith({ ELEVENLABS_WEBHOOK_PORT: String(server.port) });
  expect((await checks(environment)).of("port")[0]).toMatchObject({ level: "ok" });
  code = 503;
  expect((await checks(environment)).of("port")[0]).toMatchObject({ level: "error" });
  await server.stop(true);
});

test("an address of another machine is an error", async () => {
  const { of } = await checks(await environmentWith({ ELEVENLABS_WEBHOOK_HOST: "192.0.2.1" }));
  expect(of("port")[0]).toMatchObject({
    level: "error",
    text: expect.stringContaining("not an address of this machine"),
  });
});

test("finds recordings without a file and files without a row", async () => {
  const app = await openTestApp();
  await app.post(audio("conv_kept", Buffer.from("one")));
  await app.post(audio("conv_kept", Buffer.from("two")));
  await app.post(audio("conv_lost", Buffer.from("three")));
  const [lost] = app.rows<{ audio_path: string }>(
    "SELECT audio_path FROM conversations WHERE conversation_id = 'conv_lost'",
  );
  await app.close({ keepFolder: true });

  const environment = await environmentWith({
    TRANSCRIPT_STORAGE_PATH: app.config.databasePath,
    AUDIO_STORAGE_PATH: join(app.folder, "audio"),
  });
  expect((await checks(environment)).of("recordings")).toMatchObject([
    { level: "ok", text: "2 rows, each with its file" },
  ]);

  rmSync(join(app.folder, "audio", lost?.audio_path ?? "none"));
  mkdirSync(join(app.folder, "audio/2026/01/01"), { recursive: true });
  writeFileSync(join(app.folder, "audio/2026/01/01/conv_stray.mp3"), "x");
  const now = Date.now();
  const clock = { nowMs: () => now + 120_000, monotonicMs: () => performance.now() };
  const { status, stdout } = await runCommand(["check"], { environment, folder, clock });
  rmSync(app.folder, { recursive: true });
  expect(status).toBe(0);
  expect(stdout).toMatch(/warning +recordings +1 of 2 are not on disk, such as \S+conv_lost\.mp3/);
  expect(stdout).toMatch(/warning +recordings +1 on disk have no row, such as 2026\/01\/01\/conv_stray\.mp3/);
});

test("finds a folder of recordings that is another database's", async () => {
  const [first, second] = [await openTestApp(), await openTestApp()];
  await first.post(audio("conv_1", Buffer.from("one")));
  const environment = await environmentWith({
    TRANSCRIPT_STORAGE_PATH: second.config.databasePath,
    AUDIO_STORAGE_PATH: join(first.folder, "audio"),
  });
  const { status, of } = await checks(environment);
  expect(status).toBe(1);
  expect(of("recordings")).toContainEqual(
    expect.objectContaining({ level: "error", remedy: expect.stringContaining("--take-over-audio") }),
  );
  // Nobody keeps recordings there.
  expect((await checks({ ...environment, ENABLE_AUDIO_STORAGE: "false" })).status).toBe(0);
  // A copy of the first made before there were owners: a start takes over what its rows name.
  await first.close({ keepFolder: true });
  await second.close();
  const own = { ...environment, TRANSCRIPT_STORAGE_PATH: first.config.databasePath };
  expect((await checks(own)).status).toBe(0);
  const database = new Database(first.config.databasePath);
  database.run("DELETE FROM state");
  database.close();
  expect((await checks(own)).status).toBe(0);
  rmSync(first.folder, { recursive: true });
});

test("check writes nothing", async () => {
  const place = mkdtempSync(join(tmpdir(), "check-empty-"));
  await runCommand(["check"], { environment: await environmentWith(), folder: place });
  expect(
    await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: place, dot: true, onlyFiles: false })),
  ).toEqual([]);
  rmSync(place, { recursive: true });
});

test("a .env that can't be read is said in one line", async () => {
  const place = mkdtempSync(join(tmpdir(), "check-env-"));
  mkdirSync(join(place, ".env"));
  const { status, stdout, stderr } = await runCommand(["check"], { environment: {}, folder: place });
  rmSync(place, { recursive: true });
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^\S+\.env can't be read .*\n$/);
});
