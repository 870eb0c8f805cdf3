import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { audio, sign, transcription } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { chunk, openRaw, requestHead } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";
import { canTraceFor, inject, readCalls, trace } from "../helpers/strace.ts";

setDefaultTimeout(60_000);

const FAILED = [500, "storage_failed"];
const MEMORY_BYTES = 1_000;
const FILE_BYTES = 600_000;
const EARLY_FLUSHED_BYTES = 6_000_000;

const receiver = await startReceiver();
const { pid } = receiver.child;
const wal = join(receiver.folder, "transcripts.sqlite-wal");
const LINKS = "link,linkat";
const isTraced = canTraceFor("a failing disk");
let count = 0;
let release: (() => Promise<void>) | null = null;

afterEach(async () => {
  await release?.();
  release = null;
});
afterAll(() => receiver.stop());

const newId = () => `conv_fault_${(count += 1)}`;
const newTranscription = () => transcription(newId());
const newAudio = (byteCount: number) => () => {
  const id = newId();
  return audio(id, Buffer.alloc(byteCount, id), 1793620900 + count * 86_400);
};

/** On the connection that is there: a program that can open no more files takes no other. */
const deliver = (body: string) => receiver.post(body, sign(body), { keepsConnection: true });

async function statusAndCode(body: string) {
  const { status, answer } = await deliver(body);
  return [status, answer.code];
}

const visibleFiles = () =>
  readdirSync(receiver.folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(mp3|tmp|body)$/.test(name))
    .toSorted();

const storedCount = () => receiver.rows<{ n: number }>("SELECT count(*) AS n FROM events")[0]?.n ?? 0;

/** That the fault is answered with 500 and leaves nothing to be seen, and that all is well by itself when it ends. */
async function expectRefusedWhile(begin: () => Promise<() => Promise<void>>, body: string): Promise<void> {
  expect((await deliver(newTranscription())).status).toBe(200);
  const before = { count: storedCount(), files: visibleFiles() };
  release = await begin();
  expect(await statusAndCode(body)).toEqual(FAILED);
  expect(await statusAndCode(body)).toEqual(FAILED);
  await release();
  release = null;
  expect(storedCount()).toBe(before.count);
  expect(visibleFiles()).toEqual(before.files);

  expect(await statusAndCode(body)).toEqual([200, undefined]);
  expect(storedCount()).toBe(before.count + 1);
  expect((await fetch(`${receiver.url}/health`)).status).toBe(200);
  expect(receiver.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
}

describe.skipIf(!isTraced)("an event is refused, and stored when it comes again, where", () => {
  test.each([
    ["the flush of its commit fails", "fsync,fdatasync", "error=EIO"],
    ["the write of its commit fails", "pwrite64", "error=EIO"],
    ["its disk has become read-only", "pwrite64", "error=EROFS"],
    ["its disk is full", "pwrite64", "error=ENOSPC"],
  ])("%s", async (_, calls, error) => {
    await expectRefusedWhile(() => inject(pid, calls, error, wal), newTranscription());
  });

  test("no more files can be opened for what is too large for memory", async () => {
    await expectRefusedWhile(async () => limitFiles(), newTranscription().padEnd(FILE_BYTES));
  });

  test.each([
    ["fails", "error=EIO"],
    ["takes less than it says", "retval=10"],
  ])("a write of its temporary file %s", async (_, fault) => {
    const begin = async () => inject(pid, "write", fault, ...(await nextTemporaryFiles()));
    await expectRefusedWhile(begin, newTranscription().padEnd(FILE_BYTES));
  });
});

describe.skipIf(!isTraced)(
  "a recording is refused, leaves nothing, and is stored when it comes again, where",
  () => {
    test.each([
      ["a flush fails", "fsync", "error=EIO", MEMORY_BYTES],
      ["a flush fails", "fsync", "error=EIO", FILE_BYTES],
      // The kernel tells of it once: the flush at the end succeeds.
      ["only a flush on the way fails", "fdatasync", "error=EIO", EARLY_FLUSHED_BYTES],
      ["it can't be named", LINKS, "error=EIO", MEMORY_BYTES],
      ["it can't be named", LINKS, "error=EIO", FILE_BYTES],
      ["a folder can't be made", "mkdir,mkdirat", "error=EROFS", MEMORY_BYTES],
      ["a folder can't be made", "mkdir,mkdirat", "error=EROFS", FILE_BYTES],
    ])("%s (%s, %s), of %d bytes", async (_, calls, error, byteCount) => {
      await expectRefusedWhile(() => inject(pid, calls, error), newAudio(byteCount)());
    });

    test("a new folder can't be flushed, also when the folder is there the second time", async () => {
      const begin = () => inject(pid, "fsync", "error=EIO", join(receiver.folder, "audio"));
      await expectRefusedWhile(begin, audio(newId(), Buffer.from("recording"), Date.UTC(2031, 0) / 1000));
    });
  },
);

test.skipIf(!isTraced)(
  "after a failed flush the database is opened anew before anything is stored",
  async () => {
    const log = join(temporaryFolder(), "trace");
    const id = newId();
    release = await inject(pid, "fsync,fdatasync", "error=EIO", wal);
    expect(await statusAndCode(transcription(id))).toEqual(FAILED);
    await release();
    release = await trace(pid, "-yy", "-s", "100000", "-e", "trace=openat,pwrite64", "-o", log);
    expect(await statusAndCode(transcription(id))).toEqual([200, undefined]);
    await release();
    release = null;
    const calls = readCalls(log);
    // SQLite may reuse the descriptor of the database itself, never that of its log.
    const opened = calls.find(({ name, text }) => name === "openat" && text.includes('-wal"'));
    const written = calls.find(({ name, text }) => name === "pwrite64" && text.includes(id));
    expect(opened?.ended).toBeLessThan(written?.begun ?? 0);
  },
);

/** The names of the next temporary files for bodies, which are numbered. */
async function nextTemporaryFiles(): Promise<string[]> {
  const spool = join(receiver.folder, "spool");
  const connection = await openRaw(receiver.port);
  const headers = { "ElevenLabs-Signature": sign(""), "Transfer-Encoding": "chunked" };
  await connection.write(requestHead(headers) + chunk(Buffer.alloc(FILE_BYTES)).toString("latin1"));
  let names: string[] = [];
  while (names.length === 0) {
    await Bun.sleep(5);
    names = readdirSync(spool);
  }
  connection.close();
  while (readdirSync(spool).length > 0) await Bun.sleep(5);
  const [, stem = "", number = ""] = /^(.*-)(\d+)\.tmp$/.exec(names[0] ?? "") ?? [];
  return [1, 2].map((next) => join(spool, `${stem}${Number(number) + next}.tmp`));
}

/** Lets the program open no more files. */
function limitFiles(): () => Promise<void> {
  const set = (limit: string) => {
    const { exitCode, stderr } = Bun.spawnSync(["prlimit", "--pid", String(pid), `--nofile=${limit}:`]);
    if (exitCode !== 0) throw new Error(stderr.toString());
  };
  // Below every descriptor that could become free meanwhile.
  set("3");
  return async () => set("1024");
}
