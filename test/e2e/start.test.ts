import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { options } from "../../src/config/options.ts";
import { SECRET, transcription } from "../helpers/deliveries.ts";
import { freePort } from "../helpers/ports.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";

const root = mkdtempSync(join(tmpdir(), "receiver-start-"));
const newFolder = () => mkdtempSync(join(root, "folder-"));
const required = { ELEVENLABS_WEBHOOK_SECRET: SECRET, ELEVENLABS_WEBHOOK_HOST: "127.0.0.1" };

afterAll(() => rmSync(root, { recursive: true }));

test("does not start on a port that another program has, and touches nothing", async () => {
  const other = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  const folder = newFolder();
  const { status, stdout } = await runExecutable(
    ["serve"],
    { ...required, ELEVENLABS_WEBHOOK_PORT: String(port) },
    folder,
  );
  expect(status).toBe(1);
  expect(stdout).toContain(`port ${port} is taken by bun`);
  expect(stdout).toContain("ELEVENLABS_WEBHOOK_PORT");
  expect(readdirSync(folder)).toEqual([]);
  other.close();
});

test("does not start beside an instance on the same port, or on the same data", async () => {
  const first = await startReceiver();
  const data = { ...required, TRANSCRIPT_STORAGE_PATH: join(first.folder, "transcripts.sqlite") };
  const before = readdirSync(first.folder);
  const onPort = await runExecutable(["serve"], { ...data, ELEVENLABS_WEBHOOK_PORT: String(first.port) });
  expect([onPort.status, onPort.stdout]).toEqual([1, expect.stringContaining(`port ${first.port} is taken`)]);

  const otherPort = { ...data, ELEVENLABS_WEBHOOK_PORT: String(await freePort()) };
  const onData = await runExecutable(["serve"], otherPort);
  expect([onData.status, onData.stdout]).toEqual([
    1,
    expect.stringContaining("another instance is running on"),
  ]);
  expect(onData.stdout).toContain("TRANSCRIPT_STORAGE_PATH");

  expect(readdirSync(first.folder)).toEqual(before);
  expect((await first.post(transcription("conv_after"))).status).toBe(200);
  expect(await first.stop()).toBe(0);
});

test("names every fault of the configuration at once on standard error", async () => {
  const folder = newFolder();
  const { status, stdout, stderr } = await runExecutable(
    [],
    {
      ELEVENLABS_WEBHOOK_PORT: "http",
      ELEVENLABS_WEBHOOK_SECRTE: SECRET,
      LOG_LEVEL: "LOUD",
      MAX_BODY_BYTES: "many",
    },
    folder,
  );
  expect([status, stdout]).toEqual([78, ""]);
  for (const name of [
    "ELEVENLABS_WEBHOOK_SECRET",
    "ELEVENLABS_WEBHOOK_PORT",
    "LOG_LEVEL",
    "MAX_BODY_BYTES",
  ]) {
    expect(stderr).toContain(`  ${name}: `);
  }
  expect(stderr).toContain("ELEVENLABS_WEBHOOK_SECRTE: there is no such setting");
  expect(stderr).not.toContain(SECRET);
  expect(readdirSync(folder)).toEqual([]);
});

test("obeys .env of the working directory, and the environment more", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, ".env"), "LOG_FORMAT=json\nUNKNOWN_EVENT_STATUS=200\nLOG_LEVEL=ERROR\n");
  const receiver = await startReceiver({ folder, environment: { LOG_LEVEL: "INFO" } });
  expect((await receiver.post('{"type":"new_type"}')).status).toBe(200);
  const [first = ""] = receiver.output().split("\n");
  expect(JSON.parse(first)).toMatchObject({ level: "INFO" });
  await receiver.stop();
});

test("runs nothing that lies in its working directory", async () => {
  const folder = newFolder();
  writeFileSync(
    join(folder, "bunfig.toml"),
    'preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n',
  );
  const mark = join(folder, "ran");
  writeFileSync(join(folder, "preload.ts"), `require("fs").writeFileSync(${JSON.stringify(mark)}, "")`);
  writeFileSync(join(folder, "package.json"), '{"type":"commonjs"}');
  expect((await runExecutable(["--version"], {}, folder)).status).toBe(0);
  await (await startReceiver({ folder })).stop({ keepFolder: true });
  expect(readdirSync(folder)).not.toContain("ran");
});

const blocked = newFolder();
writeFileSync(join(blocked, "file"), "");
mkdirSync(join(blocked, "folder"));
symlinkSync(join(blocked, "nowhere"), join(blocked, "dangling"));

test.each([
  ["TRANSCRIPT_STORAGE_PATH", join(blocked, "file/t.sqlite"), join(blocked, "file")],
  ["TRANSCRIPT_STORAGE_PATH", join(blocked, "folder"), join(blocked, "folder")],
  ["TRANSCRIPT_STORAGE_PATH", join(blocked, "dangling/folder/t.sqlite"), join(blocked, "dangling")],
  ["TRANSCRIPT_STORAGE_PATH", "/proc/nowhere/t.sqlite", "/proc"],
  ["AUDIO_STORAGE_PATH", join(blocked, "file"), join(blocked, "file")],
  ["AUDIO_STORAGE_PATH", join(blocked, "dangling"), join(blocked, "dangling")],
])("says clearly that %s=%s can't be written", async (name, path, named) => {
  const environment = { ...required, ELEVENLABS_WEBHOOK_PORT: String(await freePort()), [name]: path };
  const { status, stdout } = await runExecutable(["serve"], environment, newFolder());
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /Can't start: .* (\(E\w+\).*[Gg]ive this user the right to write there|is not a folder, and \w+_STORAGE_PATH needs one\. Move it away|it is a folder \(EISDIR\): name a file)/,
  );
  expect(stdout).toContain(named);
});

test("does not start on a database that its user may only read", async () => {
  const first = await startReceiver();
  await first.stop({ keepFolder: true });
  chmodSync(join(first.folder, "transcripts.sqlite"), 0o444);
  chmodSync(first.folder, 0o777);
  rmSync(join(first.folder, "transcripts.sqlite.lock"));
  // Root may write everything: let somebody else try.
  const user =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const child = Bun.spawn([...user, EXECUTABLE, "serve"], {
    cwd: "/",
    env: {
      ...required,
      PATH: process.env.PATH ?? "",
      ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
      TRANSCRIPT_STORAGE_PATH: join(first.folder, "transcripts.sqlite"),
    },
    stdout: "pipe",
  });
  expect(await child.stdout.text()).toMatch(
    /transcripts\.sqlite: this user may not do that \(SQLITE_READONLY\): give this user the right to write there/,
  );
  expect(await child.exited).toBe(1);
  rmSync(first.folder, { recursive: true });
});

test("prints its versions", async () => {
  const { status, stdout, stderr } = await runExecutable(["--version"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^elevenlabs-webhook \S+ \(commit [0-9a-f]{12}\), Bun [\d.]+, SQLite [\d.]+\n$/);
  expect(stdout).toContain(` ${packageJson.version} `);
});

test("explains every setting in its help", async () => {
  const { status, stdout, stderr } = await runExecutable(["--help"]);
  expect([status, stderr]).toEqual([0, ""]);
  for (const { name } of Object.values(options)) expect(stdout).toContain(name);
});

test("refuses an unknown command and an unknown flag", async () => {
  for (const args of [["sevre"], ["--prot", "1"]]) {
    const { status, stderr } = await runExecutable(args, required);
    expect([status, stderr.includes("unknown")]).toEqual([64, true]);
  }
});
