import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign, SECRET, transcription } from "../helpers/deliveries.ts";
import { handOver, isRunning, processIds, stopAll, untilOutput } from "../helpers/reload.ts";
import { openRaw, requestHead } from "../helpers/raw.ts";
import { freePort } from "../helpers/ports.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { startLoad } from "../helpers/steady-load.ts";
import { largeAudio } from "../helpers/stream.ts";

const RECORDING_BYTES = 4_000_000;

const reload = ({ folder }: Receiver) =>
  runExecutable(["reload"], { TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite") });

async function sendHalf(receiver: Receiver, body: string) {
  const connection = await openRaw(receiver.port);
  const headers = { "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) };
  await connection.write(requestHead(headers) + body.slice(0, 50));
  // What came before an answered request has been seen: by now it is in flight.
  await (await fetch(`${receiver.url}/health`)).text();
  return connection;
}

test("loses no request over two handovers, kept alive or not, with a recording on its way", async () => {
  const receiver = await startReceiver();
  const loads = [true, false].map((isKeptAlive) =>
    startLoad({ port: receiver.port, connections: 4, isKeptAlive, name: isKeptAlive ? "kept" : "new" }),
  );
  const recording = largeAudio("conv_recording", RECORDING_BYTES);
  const connection = await openRaw(receiver.port);
  await connection.write(
    requestHead({ "ElevenLabs-Signature": recording.signature(), "Transfer-Encoding": "chunked" }),
  );
  const pieces = [...recording.body()].map((piece) => Buffer.from(piece));
  const write = (piece: Buffer) =>
    connection.write(
      Buffer.concat([Buffer.from(`${piece.byteLength.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
    );
  for (const piece of pieces.slice(0, 5)) await write(piece);

  await handOver(receiver);
  await handOver(receiver);
  for (const piece of pieces.slice(5)) await write(piece);
  await connection.write("0\r\n\r\n");
  expect(await connection.response()).toMatchObject({ status: 200 });
  connection.close();
  const results = await Promise.all(loads.map((load) => load.stop()));

  expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  const answered = results.reduce((sum, { answered: count }) => sum + count, 0);
  expect(answered).toBeGreaterThan(1000);
  expect(receiver.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: answered + 1 }]);
  expect(
    receiver.rows("SELECT audio_sha256 AS sha256 FROM conversations WHERE audio_path IS NOT NULL"),
  ).toEqual([{ sha256: recording.recordingSha256() }]);
  await stopAll(receiver, { keepFolder: true });
  expect(processIds(receiver)).toHaveLength(3);
  // A stop in good order: no mark, no temporary files, no socket left.
  const left = readdirSync(receiver.folder).filter((name) => !/\.lock\d?$/.test(name));
  expect(left.toSorted()).toEqual(["audio", "spool", "transcripts.sqlite"]);
  expect(readdirSync(join(receiver.folder, "spool"))).toEqual([]);
});

test("the reload command waits for the successor, which has read .env and the secret's file anew", async () => {
  const folder = mkdtempSync(join(tmpdir(), "receiver-"));
  const secretFile = join(folder, "secret");
  writeFileSync(secretFile, SECRET);
  const environment = { ELEVENLABS_WEBHOOK_SECRET: "", ELEVENLABS_WEBHOOK_SECRET_FILE: secretFile };
  const receiver = await startReceiver({ environment, folder });
  const other = `wsec_${"f".repeat(64)}`;
  writeFileSync(secretFile, other);
  writeFileSync(join(folder, ".env"), "UNKNOWN_EVENT_STATUS=200\n");
  const { status, stdout } = await reload(receiver);
  expect([status, stdout]).toEqual([0, `process ${processIds(receiver).at(-1)} has taken over\n`]);
  // Until then it answers on the connections that it has.
  await untilOutput(receiver, "Handed over");
  const body = JSON.stringify({ type: "unheard_of" });
  expect((await receiver.post(body)).status).toBe(401);
  expect((await receiver.post(body, sign(body, { secret: other }))).status).toBe(200);
  await stopAll(receiver);
});

const settingsOf = ({ folder, port }: Receiver) => ({
  ELEVENLABS_WEBHOOK_SECRET: SECRET,
  ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
  ELEVENLABS_WEBHOOK_PORT: String(port),
  TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
  AUDIO_STORAGE_PATH: join(folder, "audio"),
});

test("a fresh environment moves the receiver to another port, and the old one is let go of", async () => {
  const receiver = await startReceiver();
  const environment = { ...settingsOf(receiver), ELEVENLABS_WEBHOOK_PORT: String(await freePort()) };
  expect(await runExecutable(["reload", "--fresh-environment"], environment)).toMatchObject({ status: 0 });
  const response = await fetch(`http://127.0.0.1:${environment.ELEVENLABS_WEBHOOK_PORT}/health`);
  expect(response.status).toBe(200);
  await untilOutput(receiver, "Handed over");
  await expect(fetch(`${receiver.url}/health`)).rejects.toThrow();
  await stopAll(receiver);
});

describe("a successor that does not come up leaves the old instance receiving, and says why:", () => {
  test.each([
    ["faults in its settings", { LOG_LEVEL: "NONE" }, /configuration has faults: LOG_LEVEL/],
    [
      "an address of another machine",
      { ELEVENLABS_WEBHOOK_HOST: "192.0.2.1" },
      /can't be opened on 192\.0\.2\.1/,
    ],
    ["a folder that can't be written", { AUDIO_STORAGE_PATH: "/proc/nowhere" }, /\/proc can't be written/],
  ])("%s", async (_, environment, why) => {
    const receiver = await startReceiver();
    const { status, stderr } = await runExecutable(["reload", "--fresh-environment"], {
      ...settingsOf(receiver),
      ...environment,
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
    expect(receiver.output()).toMatch(why);
    expect(receiver.output()).toContain("this instance goes on");
    expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
    expect(processIds(receiver)).toEqual([receiver.child.pid]);
    expect(await receiver.stop()).toBe(0);
  });

  // `copy` is what runs: it can be replaced.
  test.each([
    ["an executable that is none", "no program", /./],
    ["an executable that ends at once", "#!/bin/sh\nexit 3\n", /ended with status 3/],
    ["an executable that says nothing", "#!/bin/sh\nexit 0\n", /ended before it was ready/],
  ])("%s", async (_, content, why) => {
    const folder = mkdtempSync(join(tmpdir(), "receiver-"));
    const copy = join(folder, "program");
    copyFileSync(EXECUTABLE, copy);
    const receiver = await startReceiver({ folder, command: [copy, "serve"] });
    writeFileSync(`${copy}.new`, content, { mode: 0o755 });
    renameSync(`${copy}.new`, copy);
    const { status, stderr } = await runExecutable(["reload"], settingsOf(receiver));
    expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
    expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
    expect(await receiver.stop()).toBe(0);
  });
});

test("an executable that was replaced by a rename is the one that takes over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "receiver-"));
  const copy = join(folder, "program");
  copyFileSync(EXECUTABLE, copy);
  const receiver = await startReceiver({ folder, command: [copy, "serve"] });
  const before = statSync(copy).ino;
  renameSync(copy, `${copy}.before`);
  copyFileSync(EXECUTABLE, copy);
  expect(statSync(`/proc/${receiver.child.pid}/exe`).ino).toBe(before);
  const successor = await handOver(receiver);
  expect(statSync(`/proc/${successor}/exe`).ino).toBe(statSync(copy).ino);
  await stopAll(receiver);
});

describe("nobody else shares port or data:", () => {
  test.each(["launch", "successor"])("not who claims to be a %s", async (role) => {
    const receiver = await startReceiver();
    const environment = { ...settingsOf(receiver), ELEVENLABS_WEBHOOK_HANDOVER: role };
    const { status, stdout, stderr } = await runExecutable(["serve"], environment);
    // A launcher has nothing to pass on but what it has: the one that it starts is refused, after it has ended itself.
    if (role === "successor")
      expect([status, stderr]).toEqual([1, expect.stringMatching(/nobody hands over/)]);
    expect(stdout).not.toContain("Listening");
    expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
    expect(await receiver.stop()).toBe(0);
  });

  test("not another instance, on the same port or the same data, before and after a handover", async () => {
    const receiver = await startReceiver();
    const refused = async () => {
      const onPort = { ...settingsOf(receiver), TRANSCRIPT_STORAGE_PATH: `${receiver.folder}/other.sqlite` };
      const onData = { ...settingsOf(receiver), ELEVENLABS_WEBHOOK_PORT: String(await freePort()) };
      for (const [environment, why] of [
        [onPort, /port \d+ is taken/],
        [onData, /another instance is running/],
      ] as const) {
        const { status, stdout } = await runExecutable(["serve"], environment);
        expect([status, stdout]).toEqual([1, expect.stringMatching(why)]);
      }
    };
    await refused();
    await handOver(receiver);
    await refused();
    await untilOutput(receiver, "Handed over");
    await refused();
    await stopAll(receiver);
  });
});

describe("what goes wrong during a handover:", () => {
  test("the successor dies while both receive: the reload fails, and the old instance goes on", async () => {
    const receiver = await startReceiver();
    const reloaded = reload(receiver);
    await untilOutput(receiver, "is ready and takes over");
    const [, successor] = /Process (\d+) is ready/.exec(receiver.output()) ?? [];
    process.kill(Number(successor), "SIGKILL");
    const why = "the new process ended before it had taken over";
    expect(await reloaded).toMatchObject({ status: 1, stderr: expect.stringContaining(why) });
    expect(receiver.output()).toContain(`this instance goes on: ${why}`);
    expect(processIds(receiver)).toHaveLength(1);
    // The system closes the files of a killed process one after the other: its port may be the last of them.
    while (existsSync(`/proc/${successor}/fd/0`)) await Bun.sleep(10);
    expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
    receiver.child.kill("SIGHUP");
    await untilOutput(receiver, "Handing over");
    expect((await receiver.post(transcription("conv_2"))).status).toBe(200);
    await stopAll(receiver);
  });

  test("the predecessor is killed while it finishes: the successor goes on, and the mark stays", async () => {
    const receiver = await startReceiver();
    const halfSent = await sendHalf(receiver, transcription("conv_half"));
    await receiver.post(transcription("conv_1"));
    await handOver(receiver);
    receiver.child.kill("SIGKILL");
    await untilOutput(receiver, "did not end in good order");
    expect((await receiver.post(transcription("conv_2"))).status).toBe(200);
    halfSent.close();
    await stopAll(receiver, { keepFolder: true });
    expect(existsSync(join(receiver.folder, "transcripts.sqlite.running"))).toBe(true);
    const next = await startReceiver({ folder: receiver.folder });
    expect(next.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 2 }]);
    expect(await next.stop()).toBe(0);
  });

  test("two reloads at once: one of them is refused", async () => {
    const receiver = await startReceiver();
    const settings = settingsOf(receiver);
    const both = await Promise.all([
      runExecutable(["reload"], settings),
      runExecutable(["reload"], settings),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([0, 1]);
    expect(both.map(({ stderr }) => stderr).join("")).toContain("a handover is under way already");
    await stopAll(receiver);
  });

  test("a reload right after another one waits until the port is free of the first", async () => {
    const receiver = await startReceiver();
    await handOver(receiver);
    expect(await runExecutable(["reload"], settingsOf(receiver))).toMatchObject({ status: 0 });
    expect(processIds(receiver)).toHaveLength(3);
    await stopAll(receiver);
  });

  test("a stop while the predecessor finishes waits for what is in flight there", async () => {
    const receiver = await startReceiver();
    const body = transcription("conv_half");
    const halfSent = await sendHalf(receiver, body);
    await receiver.post(transcription("conv_1"));
    const successor = await handOver(receiver);
    process.kill(successor, "SIGTERM");
    await untilOutput(receiver, "Stopping");
    await halfSent.write(body.slice(50));
    expect(await halfSent.response()).toMatchObject({ status: 200 });
    halfSent.close();
    while (isRunning(successor)) await Bun.sleep(10);
    expect(receiver.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 2 }]);
    expect(await receiver.stop()).toBe(0);
  });

  test("a stop while both receive waits for what both have in flight", async () => {
    const receiver = await startReceiver();
    const bodies = ["conv_old", "conv_new"].map((id) => transcription(id));
    const [ofOld = "", ofNew = ""] = bodies;
    const old = await sendHalf(receiver, ofOld);
    const reloaded = reload(receiver);
    await untilOutput(receiver, "is ready and takes over");
    const next = await sendHalf(receiver, ofNew);
    receiver.child.kill("SIGTERM");
    await untilOutput(receiver, "Stopping");
    await old.write(ofOld.slice(50));
    await next.write(ofNew.slice(50));
    expect(await old.response()).toMatchObject({ status: 200 });
    expect(await next.response()).toMatchObject({ status: 200 });
    expect(await reloaded).toMatchObject({ status: 1, stderr: expect.stringContaining("told to stop") });
    expect(receiver.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 2 }]);
    for (const connection of [old, next]) connection.close();
    // A second signal would mean "at once".
    expect(await receiver.child.exited).toBe(0);
    // It has waited for the other one: systemd would have killed that.
    expect(receiver.output().match(/ Stopped\n/g)).toHaveLength(2);
    expect(existsSync(join(receiver.folder, "transcripts.sqlite.running"))).toBe(false);
    await receiver.stop();
  });

  test("a stop before the successor has come up ends both", async () => {
    const receiver = await startReceiver();
    receiver.child.kill("SIGHUP");
    await untilOutput(receiver, "Starting a successor");
    receiver.child.kill("SIGTERM");
    await receiver.child.exited;
    // The output ends when the last of them has ended.
    await receiver.stop();
    expect(processIds(receiver)).toHaveLength(1);
    await expect(fetch(`${receiver.url}/health`)).rejects.toThrow();
  });
});

test("the reload command says so where no receiver runs", async () => {
  const { status, stderr } = await runExecutable(["reload"], {
    TRANSCRIPT_STORAGE_PATH: "/nowhere/t.sqlite",
  });
  expect([status, stderr]).toEqual([
    1,
    expect.stringContaining("no receiver can be reached at /nowhere/t.sqlite.control"),
  ]);
});
