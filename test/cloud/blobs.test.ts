import { afterAll, afterEach, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectsConfig } from "../../src/config/objects.ts";
import { bodyPath } from "../../src/model/body.ts";
import { RemoteFault } from "../../src/platform/faults.ts";
import { createLog } from "../../src/platform/log.ts";
import { openObjects } from "../../src/store/objects/objects.ts";
import { signHeaders } from "../../src/store/objects/signature.ts";
import { findAzurite, startAzurite } from "../helpers/azurite.ts";
import { CEPH_KEY, CEPH_PROGRAMS, CEPH_SECRET, startCeph } from "../helpers/ceph.ts";
import { hasMeans } from "../helpers/means.ts";
import { testBlobs } from "../store-conformance/blobs.ts";
import { put, sha256Of } from "../store-conformance/store.ts";

const MIB = 1024 * 1024;
const START_MS_MAX = 120_000;
const DAY = "2026/11/02";
const HOUR_MS = 3_600_000;

let lines = "";
const log = createLog({ level: "DEBUG", format: "text", write: (line) => (lines += line) });
let bucketCount = 0;
const ends: (() => unknown)[] = [];

afterEach(async () => {
  setSystemTime();
  for (const end of ends.splice(0).toReversed()) await end();
});

type S3 = Extract<ObjectsConfig, { kind: "s3" }>;

/** Opens a bucket with a spool of its own. */
async function openIn(objects: ObjectsConfig) {
  const spoolFolder = mkdtempSync(join(tmpdir(), "spool-"));
  const openStore = (storesRecordings: boolean) =>
    openObjects({ objects, spoolFolder, storesRecordings, log });
  const opened = {
    store: await openStore(true),
    async reopen({ keepsRecordings = true } = {}) {
      await opened.store.close();
      opened.store = await openStore(keepsRecordings);
    },
    async end() {
      await opened.store.close();
      rmSync(spoolFolder, { recursive: true });
    },
  };
  return opened;
}

/** The same, closed after the test. */
async function open(objects: ObjectsConfig) {
  const opened = await openIn(objects);
  ends.push(opened.end);
  return opened.store;
}

async function faultTextOf(work: Promise<unknown> | undefined): Promise<string> {
  const error = await work?.catch((reason: unknown) => reason);
  if (!(error instanceof RemoteFault)) throw new Error("it did not fail", { cause: error });
  return error.message;
}

/** A temporary file with content of some size, and its hash. */
async function largeFile(store: Awaited<ReturnType<typeof open>>, byteCount: number) {
  const file = await store.newRecordings?.create();
  if (file === undefined) throw new Error("nothing is taken in");
  ends.push(() => file.discard());
  const hasher = new Bun.CryptoHasher("sha256");
  const bytes = Buffer.alloc(MIB);
  for (let count = 0; count < byteCount / MIB; count += 1) {
    hasher.update(bytes.fill(count));
    file.write(bytes);
  }
  return { file, sha256: hasher.digest("hex") };
}

/** What every kind of bucket does. */
function testBucket(makeBucket: () => Promise<ObjectsConfig>): void {
  describe("blobs", () => testBlobs(async () => openIn(await makeBucket())));

  test("a name with odd characters is that in the bucket too", async () => {
    const store = await open(await makeBucket());
    const name = await put(store.newRecordings, "content", [`${DAY}/it's (1) + 100% ä🙂&=;,@!*.mp3`]);
    expect(await store.recordings.list()).toEqual([name]);
    expect(await (await store.recordings.open(name))?.text()).toBe("content");
    await store.recordings.remove(name);
    expect(await store.recordings.list()).toBeEmpty();
  });

  test("a list has several pages, and one of a day has only that day's", async () => {
    const store = await open(await makeBucket());
    const names = Array.from({ length: 1003 }, (_, index) => `${DAY}/conv_${index}.mp3`);
    for (let from = 0; from < names.length; from += 20)
      await Promise.all(names.slice(from, from + 20).map((name) => put(store.newRecordings, name, [name])));
    await put(store.newRecordings, "other", ["2026/11/03/conv_1.mp3"]);
    await put(store.bodies, "body", [bodyPath(sha256Of("body"))]);
    const pages = await Array.fromAsync(store.pages("recordings", `${DAY}/`));
    expect(pages.map((page) => page.length)).toEqual([1000, 3]);
    expect(new Set(pages.flat().map(({ name }) => name)).size).toBe(1003);
    expect(pages.flat().every(({ modifiedAtMs }) => Math.abs(modifiedAtMs - Date.now()) < HOUR_MS)).toBe(
      true,
    );
    expect((await store.recordings.list()).length).toBe(1004);
    expect(await store.bodies.list()).toEqual([bodyPath(sha256Of("body"))]);
  });

  test("an empty object is one", async () => {
    const store = await open(await makeBucket());
    const name = await put(store.newRecordings, "", [`${DAY}/a.mp3`]);
    expect(await store.recordings.stat(name)).toMatchObject({ byteCount: 0 });
    expect(await (await store.recordings.open(name))?.text()).toBe("");
  });

  test("a large upload keeps memory small, and comes back as it was", async () => {
    const store = await open(await makeBucket());
    const { file, sha256 } = await largeFile(store, 100 * MIB);
    await put(store.newRecordings, "warm", [`${DAY}/warm.mp3`]);
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    let highest = before;
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 5);
    const name = (await store.newRecordings?.put(file, [`${DAY}/large.mp3`], sha256)) ?? "";
    clearInterval(watch);
    expect(highest - before).toBeLessThan(15 * MIB);
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const piece of (await store.recordings.open(name))?.stream() ?? []) hasher.update(piece);
    expect(hasher.digest("hex")).toBe(sha256);
  });

  test("a mark says whose the bucket is, and is none of its objects", async () => {
    const store = await open(await makeBucket());
    expect(await store.readMark()).toBeNull();
    for (const mark of ["first", "the second one"]) {
      await store.writeMark(mark);
      expect(await store.readMark()).toBe(mark);
    }
    expect([await store.recordings.list(), await store.bodies.list()]).toEqual([[], []]);
  });

  test("a bucket that is in order is found in order, and stays empty", async () => {
    const store = await open(await makeBucket());
    const text = expect.stringContaining("can be written, read, listed and deleted from");
    expect(await store.check()).toEqual([{ level: "ok", text, remedy: null }]);
    await store.probe();
    expect([await store.recordings.list(), await store.bodies.list()]).toEqual([[], []]);
  });
}

const hasCeph = hasMeans("recordings in S3", ...CEPH_PROGRAMS);

describe.skipIf(!hasCeph)("Ceph", () => {
  let ceph: Awaited<ReturnType<typeof startCeph>>;
  beforeAll(async () => {
    ceph = await startCeph();
  }, START_MS_MAX);
  afterAll(() => ceph.stop());

  async function makeBucket(): Promise<S3> {
    const bucket = `bucket-${++bucketCount}`;
    ceph.createBucket(bucket);
    return {
      kind: "s3",
      bucket,
      prefix: "calls/of us",
      region: "us-east-1",
      endpoint: ceph.url,
      accessKeyId: CEPH_KEY,
      secretAccessKey: CEPH_SECRET,
      sessionToken: null,
    };
  }

  testBucket(makeBucket);

  test("other bytes than were announced are refused", async () => {
    const store = await open(await makeBucket());
    const file = await store.newRecordings?.create();
    if (file === undefined) throw new Error("nothing is taken in");
    file.write(Buffer.from("content"));
    const text = await faultTextOf(store.newRecordings?.put(file, [`${DAY}/a.mp3`], sha256Of("other")));
    expect(text).toContain("other bytes arrived than were sent (XAmzContentSHA256Mismatch)");
    expect(await store.recordings.list()).toBeEmpty();
    await file.discard();
  });

  test.each<[string, Partial<S3>, string]>([
    ["a wrong secret", { secretAccessKey: "wr/ong" }, "it refuses the key (SignatureDoesNotMatch)"],
    ["a wrong key", { accessKeyId: "nobody" }, "it refuses the key (InvalidAccessKeyId)"],
    ["a bucket that does not exist", { bucket: "missing" }, "it does not exist (NoSuchBucket)"],
  ])("%s is named, by what stores, what reads and what checks", async (_what, change, text) => {
    const store = await open({ ...(await makeBucket()), ...change });
    const [finding, ...others] = await store.check();
    expect(finding).toMatchObject({ level: "error", text: expect.stringContaining(text) });
    expect(others).toBeEmpty();
    const work = [
      put(store.newRecordings, "content", [`${DAY}/a.mp3`]),
      store.recordings.stat(`${DAY}/a.mp3`),
      store.recordings.list(),
      store.probe(),
    ];
    for (const one of await Promise.all(work.map(faultTextOf))) expect(one).toContain(text);
    expect(lines).not.toContain("wr/ong");
  });

  test("a clock that is wrong is named", async () => {
    const store = await open(await makeBucket());
    setSystemTime(Date.now() + HOUR_MS);
    const [finding] = await store.check();
    expect(finding).toMatchObject({
      level: "error",
      text: expect.stringContaining("the clock of this machine differs from its own (RequestTimeTooSkewed)"),
    });
  });

  test("a bucket that keeps old versions is warned of", async () => {
    const config = await makeBucket();
    const body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    const path = `/${config.bucket}`;
    const host = new URL(ceph.url).host;
    const request = { method: "PUT", host, path, query: "versioning=", headers: {}, sha256: sha256Of(body) };
    const headers = signHeaders(request, config, Date.now());
    const answer = await fetch(`${ceph.url}${path}?versioning=`, { method: "PUT", headers, body });
    expect(answer.status).toBe(200);
    const findings = await (await open(config)).check();
    expect(findings.map(({ level }) => level)).toEqual(["ok", "warning"]);
    expect(findings[1]?.text).toContain("keeps old versions");
  });

  test("an upload goes on when the gateway is back after it was killed", async () => {
    const store = await open(await makeBucket());
    const { file, sha256 } = await largeFile(store, 100 * MIB);
    const upload = store.newRecordings?.put(file, [`${DAY}/a.mp3`], sha256);
    await Bun.sleep(100);
    await ceph.kill();
    await ceph.start();
    const name = (await upload) ?? "";
    expect(await store.recordings.stat(name)).toMatchObject({ byteCount: 100 * MIB });
    expect(lines).toContain("Trying again");
  });
});

const azuriteFolder = findAzurite("recordings in Azure");

describe.skipIf(azuriteFolder === null)("Azurite", () => {
  let azurite: Awaited<ReturnType<typeof startAzurite>>;
  beforeAll(async () => {
    azurite = await startAzurite(azuriteFolder ?? "");
  }, START_MS_MAX);
  afterAll(() => azurite.stop());

  async function makeBucket(endsAt = new Date(Date.now() + 30 * 24 * HOUR_MS)) {
    const url = await azurite.createContainer(`container-${++bucketCount}`, { endsAt });
    const [containerUrl = "", sas = ""] = url.split("?");
    return { kind: "azure" as const, containerUrl, sas };
  }

  testBucket(makeBucket);

  test("other bytes than were announced are refused", async () => {
    const { containerUrl, sas } = await makeBucket();
    const headers = {
      "x-ms-version": "2021-12-02",
      "x-ms-blob-type": "BlockBlob",
      "content-md5": new Bun.CryptoHasher("md5").update("other").digest("base64"),
    };
    const answer = await fetch(`${containerUrl}/a?${sas}`, { method: "PUT", headers, body: "content" });
    expect(answer.status).toBe(400);
  });

  test("a blob goes with its snapshots", async () => {
    const config = await makeBucket();
    const store = await open(config);
    const name = await put(store.newRecordings, "content", [`${DAY}/a.mp3`]);
    const { containerUrl, sas } = config;
    const headers = { "x-ms-version": "2021-12-02" };
    const made = await fetch(`${containerUrl}/${name}?comp=snapshot&${sas}`, { method: "PUT", headers });
    expect(made.status).toBe(201);
    await store.recordings.remove(name);
    expect(await store.recordings.list()).toBeEmpty();
  });

  test("an access that has ended is named", async () => {
    const store = await open(await makeBucket(new Date(Date.now() - HOUR_MS)));
    const [finding] = await store.check();
    expect(finding).toMatchObject({ level: "error", text: expect.stringContaining("its SAS ended at 20") });
  });

  test.each<
    [string, (config: { kind: "azure"; containerUrl: string; sas: string }) => ObjectsConfig, string]
  >([
    [
      "a wrong signature",
      (config) => ({ ...config, sas: config.sas.replace(/sig=[^&]+/, "sig=d3Jvbmc%3D") }),
      // Azure itself says AuthenticationFailed.
      "it may not be used that way (AuthorizationFailure)",
    ],
    [
      "a container that does not exist",
      (config) => ({ ...config, containerUrl: `${config.containerUrl}x` }),
      "it does not exist",
    ],
  ])("%s is named", async (_what, change, text) => {
    const store = await open(change(await makeBucket()));
    const [finding] = await store.check();
    expect(finding).toMatchObject({ level: "error", text: expect.stringContaining(text) });
    expect(await faultTextOf(store.recordings.stat(`${DAY}/a.mp3`))).toContain(text);
    expect(lines).not.toContain("sig=");
  });
});
