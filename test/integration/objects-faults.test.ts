import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectsConfig } from "../../src/config/objects.ts";
import { createLog } from "../../src/platform/log.ts";
import { RemoteFault } from "../../src/platform/faults.ts";
import { openObjects } from "../../src/store/objects/objects.ts";
import type { Waits } from "../../src/store/objects/objects.ts";
import { isOpensslMissing, makeCertificate } from "../helpers/certificate.ts";
import { put, sha256Of } from "../store-conformance/store.ts";

// What a bucket does wrong. That it does right is seen on real ones: test/cloud.

const MIB = 1024 * 1024;
const NAME = "2026/11/02/conv_1.mp3";
const SECRETS = ["se/cret+key", "session-token", "sig-of-the-sas"];
const WAITS: Waits = {
  recording: { stallMsMax: 500, msMax: 5000 },
  body: { stallMsMax: 600, msMax: 3000 },
  other: { stallMsMax: 1000, msMax: 4000 },
  probe: { stallMsMax: 600, msMax: 600 },
};

type Answer = (request: Request) => Response | Promise<Response>;

let lines = "";
const log = createLog({ level: "DEBUG", format: "text", write: (line) => (lines += line) });
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  expect(SECRETS.filter((secret) => lines.includes(secret))).toBeEmpty();
  lines = "";
});

const s3 = (endpoint: string): ObjectsConfig => ({
  kind: "s3",
  bucket: "calls",
  prefix: "",
  region: "eu-west-1",
  endpoint,
  accessKeyId: "AKIA1",
  secretAccessKey: "se/cret+key",
  sessionToken: "session-token",
});

/** Opens a store of objects at an address. */
async function open(objects: ObjectsConfig) {
  const spoolFolder = mkdtempSync(join(tmpdir(), "spool-"));
  const store = await openObjects({ objects, spoolFolder, storesRecordings: true, log, waits: WAITS });
  ends.push(async () => {
    await store.close();
    rmSync(spoolFolder, { recursive: true });
  });
  return store;
}

/** Answers requests one after the other, each as its turn says; the last answer serves all others. */
async function openAt(...answers: Answer[]) {
  let count = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: (request) => (answers[count++] ?? answers.at(-1) ?? never)(request),
    error: () => new Response(null, { status: 500 }),
  });
  ends.push(() => server.stop(true));
  const store = await open(s3(server.url.origin));
  return { store, count: () => count, origin: server.url.origin };
}

/** Keeps what is sent in memory. */
function createObject() {
  let bytes = Buffer.alloc(0);
  const take: Answer = async (request) => {
    bytes = Buffer.from(await request.bytes());
    return new Response();
  };
  return { take, sha256: () => sha256Of(bytes) };
}

const never: Answer = () => new Promise(() => {});
const refuse =
  (status: number, code = ""): Answer =>
  () =>
    new Response(code === "" ? null : `<Error><Code>${code}</Code><Message>se/cret+key</Message></Error>`, {
      status,
    });

type Turn = { turn: number; received: number };
type Connection = Pick<Bun.Socket<Turn>, "terminate" | "pause" | "end">;

/** A server below HTTP. Each connection is given to its turn; the last turn serves all others. */
function listen(...turns: ((socket: Connection, received: number) => void)[]) {
  let count = 0;
  const server = Bun.listen<Turn>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { turn: Math.min(count++, turns.length - 1), received: 0 };
      },
      data(socket, data) {
        socket.data.received += data.byteLength;
        turns[socket.data.turn]?.(socket, socket.data.received);
      },
    },
  });
  ends.push(() => server.stop(true));
  return { origin: `http://127.0.0.1:${server.port}`, count: () => count };
}

/** What rejected. */
async function faultOf(work: Promise<unknown>): Promise<RemoteFault> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteFault)) throw error;
  expect(SECRETS.filter((secret) => error.message.includes(secret))).toBeEmpty();
  return error;
}

describe("an upload is tried again", () => {
  const content = "0123456789".repeat(100_000);

  test.each<[string, Answer[]]>([
    ["after 503 and 429", [refuse(503, "SlowDown"), refuse(429)]],
    ["after 500 without a word", [refuse(500), refuse(502), refuse(504)]],
    ["after other bytes arrived than were sent", [refuse(400, "BadDigest")]],
    ["if nothing answers", [never]],
  ])("%s", async (_when, answers) => {
    const object = createObject();
    const { store, count } = await openAt(...answers, object.take);
    const name = await put(store.newRecordings, content, [NAME]);
    expect(name).toBe(`2026/11/02/conv_1-${sha256Of(content)}.mp3`);
    expect([object.sha256(), count()]).toEqual([sha256Of(content), answers.length + 1]);
    expect(lines).toContain("Trying again: the bucket calls at http://127.0.0.1");
  });

  test("after the connection was cut in the middle", async () => {
    const { origin, count } = listen(
      (socket, received) => received > 100_000 && socket.terminate(),
      (socket, received) => {
        if (received > content.length) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      },
    );
    await put((await open(s3(origin))).newRecordings, content, [NAME]);
    expect(count()).toBe(2);
  });

  test("if the bucket stops reading in the middle", async () => {
    const large = "0123456789".repeat(2 * MIB);
    const { origin, count } = listen(
      (socket, received) => received > 100_000 && socket.pause(),
      (socket, received) => {
        if (received > large.length) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      },
    );
    await put((await open(s3(origin))).newRecordings, large, [NAME]);
    expect(count()).toBe(2);
  });
});

test("an upload that is slow but goes on is left alone", async () => {
  // Much more than the buffers on the way hold.
  const content = "0123456789ABCDEF".repeat(4 * MIB);
  let readBytes = 0;
  const { store, count } = await openAt(async (request) => {
    for await (const piece of request.body ?? []) {
      if (Math.floor(readBytes / MIB) !== Math.floor((readBytes + piece.byteLength) / MIB))
        await Bun.sleep(60);
      readBytes += piece.byteLength;
    }
    return new Response();
  }, refuse(418));
  await put(store.newRecordings, content, [NAME]);
  expect([readBytes, count()]).toEqual([content.length, 1]);
});

test("what a black hole is asked fails in the end", async () => {
  const { store } = await openAt(never);
  const work = [
    put(store.bodies, "content", [`quarantine/${sha256Of("content")}.body`]),
    put(store.newRecordings, "content", [NAME]),
    store.recordings.open(NAME),
    store.recordings.remove(NAME),
    store.recordings.list(),
    store.probe(),
  ];
  for (const one of await Promise.all(work.map(faultOf))) {
    expect(one.message).toEndWith(
      "it does not answer in time (TimeoutError): wait, and check its state and the network if it stays so",
    );
    expect(one.isTransient).toBe(true);
  }
});

test("an answer that does not end is cut off", async () => {
  const endless = new Uint8Array(MIB);
  const { store } = await openAt(
    () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(endless) })),
  );
  expect((await faultOf(store.recordings.list())).message).toContain("it failed (AnswerTooLarge)");
});

describe("a fault says what is wrong and what to do, and is not tried again", () => {
  test.each([
    [403, "SignatureDoesNotMatch", "it refuses the key", "AWS_SECRET_ACCESS_KEY"],
    [403, "InvalidAccessKeyId", "it refuses the key", "AWS_ACCESS_KEY_ID"],
    [400, "ExpiredToken", "the session token has ended or is wrong", "AWS_SESSION_TOKEN"],
    [403, "RequestTimeTooSkewed", "the clock of this machine differs from its own", "set the clock"],
    [404, "NoSuchBucket", "it does not exist", "make it, or correct AUDIO_STORAGE_PATH"],
    [301, "PermanentRedirect", "it is in another region", "AWS_REGION"],
    [400, "AuthorizationHeaderMalformed", "it is in another region", "AWS_REGION"],
    [403, "AccessDenied", "it may not be used that way", "allow s3:GetObject, s3:PutObject"],
    [403, "", "it may not be used that way (403)", "s3:ListBucket"],
    [403, "QuotaExceeded", "it is full", "make room"],
    [418, "Odd Code<>\u001B[31m", "it failed (OddCode31m)", "check its state"],
  ])("%i %s", async (status, code, what, remedy) => {
    const { store, count, origin } = await openAt(refuse(status, code));
    const { message } = await faultOf(put(store.newRecordings, "content", [NAME]));
    expect(message).toStartWith(`the bucket calls at ${origin}: ${what}`);
    expect(message).toContain(remedy);
    expect(count()).toBe(1);
  });

  test("a redirection is not followed: the request is signed for one place", async () => {
    const other = createObject();
    const { origin, count } = await openAt(other.take);
    const { store } = await openAt(() => Response.redirect(origin, 307));
    expect((await faultOf(store.probe())).message).toContain(
      "it is in another region, or has another address",
    );
    expect(count()).toBe(0);
  });

  test("nothing listens there", async () => {
    const { origin } = listen(() => {});
    ends.pop()?.();
    const { message } = await faultOf((await open(s3(origin))).probe());
    expect(message).toContain("it can't be reached (ECONNREFUSED)");
  });

  test.skipIf(isOpensslMissing)("a certificate that nobody trusts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "objects-"));
    ends.push(() => rmSync(folder, { recursive: true }));
    const { keyFile, certFile } = makeCertificate(folder, "localhost");
    const tls = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
    const server = Bun.serve({ port: 0, tls, fetch: () => new Response() });
    ends.push(() => server.stop(true));
    const store = await open(s3(`https://localhost:${server.port}`));
    const { message, isTransient } = await faultOf(put(store.newRecordings, "content", [NAME]));
    expect(message).toContain("its certificate is not valid (DEPTH_ZERO_SELF_SIGNED_CERT)");
    expect(isTransient).toBe(false);
  });

  test("an access to Azure that has ended", async () => {
    let url = "";
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        ({ url } = request);
        return new Response(null, { status: 403, headers: { "x-ms-error-code": "AuthenticationFailed" } });
      },
    });
    ends.push(() => server.stop(true));
    const sas = "sv=2020-08-04&se=2020-01-01T00%3A00%3A00Z&sig=sig-of-the-sas";
    const store = await open({ kind: "azure", containerUrl: `${server.url.origin}/calls`, sas });
    const { message } = await faultOf(put(store.newRecordings, "content", [NAME]));
    expect(url).toEndWith(`/calls/2026/11/02/conv_1-${sha256Of("content")}.mp3?${sas}`);
    expect(message).toBe(
      `the container ${server.url.origin}/calls: its SAS ended at 2020-01-01T00:00:00.000Z (AuthenticationFailed): set the SAS in AUDIO_STORAGE_PATH again`,
    );
  });
});

test("an object that is gone, or of another size, while it is read is a fault", async () => {
  const range = {
    headers: { "content-range": "bytes 0-0/2000000", "last-modified": "Mon, 02 Nov 2026 12:00:00 GMT" },
  };
  const { store } = await openAt(
    () => new Response("x", { ...range, status: 206 }),
    () => new Response("short", { status: 206 }),
    refuse(404, "NoSuchKey"),
  );
  const content = await store.recordings.open(NAME);
  expect(content?.size).toBe(2_000_000);
  expect((await faultOf(content?.slice(0, 10).bytes() ?? Promise.resolve())).code).toBe("ENOENT");
  expect((await faultOf(content?.bytes() ?? Promise.resolve())).message).toContain(
    "is gone from the bucket calls",
  );
});

test("a list that does not go on ends", async () => {
  const page =
    "<R><NextContinuationToken>same</NextContinuationToken><Contents><Key>2026/11/02/a.mp3</Key></Contents></R>";
  const { store, count } = await openAt(() => new Response(page));
  expect(await store.recordings.list()).toEqual(["2026/11/02/a.mp3", "2026/11/02/a.mp3"]);
  expect(count()).toBe(2);
});

test("after a failed upload the bucket does not count as usable before it can be written again", async () => {
  let isReadOnly = true;
  let kept = Buffer.alloc(0);
  const { store } = await openAt(async (request) => {
    if (request.method === "PUT" && isReadOnly) return new Response(null, { status: 403 });
    if (request.method === "PUT") kept = Buffer.from(await request.bytes());
    return new Response(request.url.includes("list-type") ? `<Key>${kept.toString()}</Key>` : kept);
  });
  await store.probe();
  const { message } = await faultOf(put(store.newRecordings, "content", [NAME]));
  expect((await faultOf(store.probe())).message).toBe(message);
  isReadOnly = false;
  await store.probe();
});
