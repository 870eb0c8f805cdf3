import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import type { TemporaryFile } from "../../../src/platform/files.ts";
import { openSpool } from "../../../src/store/files/spool.ts";
import type { Spool } from "../../../src/store/files/spool.ts";
import { MEMORY_BYTES_MAX, readPieces, readWhole, receiveBody } from "../../../src/webhook/body.ts";
import type { Body, BodySource } from "../../../src/webhook/body.ts";
import { undisturbed } from "../../helpers/bodies.ts";
import { standingClock } from "../../helpers/clock.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const root = temporaryFolder();
const BYTES_MAX = 1024 * 1024;
const DATABASE_PATH = "transcripts.sqlite";

function streamOf(chunks: readonly Uint8Array[], end: unknown = null): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
      else if (end === null) controller.close();
      else controller.error(end);
    },
  });
}

const notAsked = (): never => {
  throw new Error("asked for the body in the other way");
};

/** A source of chunks, whose length is announced or not. */
function chunked(stream: ReadableStream<Uint8Array> | null, contentLength: number | null = null): BodySource {
  return { contentLength, stream: () => stream, bytes: notAsked };
}

/** A source that gives everything at once. */
function atOnce(bytes: () => Promise<Uint8Array>, contentLength: number): BodySource {
  return { contentLength, stream: notAsked, bytes };
}

const senderGone = () => new DOMException("The connection was closed.", "AbortError");

const files: TemporaryFile[] = [];
afterEach(async () => {
  for (const file of files.splice(0)) await file.discard();
});

/** The same spool, with every file discarded when the test has ended. */
function discardingSpool(spool: Spool): Spool {
  return {
    create: async () => {
      const file = await spool.create();
      files.push(file);
      return file;
    },
  };
}

/** Receives into a spool of its own. */
async function receive(source: BodySource, bytesMax = BYTES_MAX) {
  const folder = mkdtempSync(join(root, "spool-"));
  const hasher = new Bun.CryptoHasher("sha256");
  const options = {
    hashers: [hasher],
    bytesMax,
    spool: discardingSpool(await openSpool(folder, DATABASE_PATH)),
    clock: standingClock(),
    ...undisturbed(),
  };
  return { received: receiveBody(source, options), hasher, left: () => readdirSync(folder) };
}

async function endOf(source: BodySource, bytesMax?: number): Promise<Body | string> {
  const { received } = await receive(source, bytesMax);
  return received;
}

async function bodyOf(chunks: readonly Uint8Array[], bytesMax = BYTES_MAX): Promise<Body> {
  const body = await endOf(chunked(streamOf(chunks)), bytesMax);
  if (typeof body === "string") throw new Error(body);
  return body;
}

const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

describe("a body", () => {
  test.each([
    ["none", null, 0],
    ["an empty one", streamOf([]), 0],
    ["empty chunks", streamOf([new Uint8Array(), new Uint8Array()]), 0],
    ["one byte", streamOf([Uint8Array.of(7)]), 1],
  ])("of no size needs no file: %s", async (_, stream, byteCount) => {
    const { received, left } = await receive(chunked(stream));
    expect(await received).toMatchObject({ kind: "memory", byteCount });
    expect(left()).toEqual([]);
  });

  test("of 256 KiB stays in memory, and one of a byte more goes to a file", async () => {
    const atLimit = await bodyOf([Buffer.alloc(MEMORY_BYTES_MAX - 1), Buffer.alloc(1)]);
    const overLimit = await bodyOf([Buffer.alloc(MEMORY_BYTES_MAX), Buffer.alloc(1)]);
    expect([atLimit.kind, overLimit.kind]).toEqual(["memory", "file"]);
    expect([atLimit.byteCount, overLimit.byteCount]).toEqual([262_144, 262_145]);
  });

  test("is hashed and kept to the byte, in whatever chunks it comes", async () => {
    const chunk = fc.integer({ min: 0, max: 200_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 5 }), async (sizes) => {
        const chunks = sizes.map((size, index) => Buffer.alloc(size, `chunk ${index} `));
        const whole = Buffer.concat(chunks);
        const { received, hasher } = await receive(chunked(streamOf(chunks)));
        const body = await received;
        if (typeof body === "string") throw new Error(body);
        expect(body.byteCount).toBe(whole.byteLength);
        expect(hasher.digest("hex")).toBe(sha256(whole));
        expect(sha256(await readWhole(body))).toBe(sha256(whole));
      }),
      { numRuns: 25 },
    );
  });

  test("is given to every hasher", async () => {
    const hashers = [new Bun.CryptoHasher("sha256", "a"), new Bun.CryptoHasher("sha256", "b")];
    const spool = await openSpool(mkdtempSync(join(root, "spool-")), DATABASE_PATH);
    await receiveBody(chunked(streamOf([Buffer.from("xy")])), {
      hashers,
      bytesMax: 10,
      spool,
      clock: standingClock(),
      ...undisturbed(),
    });
    const expected = ["a", "b"].map((key) => new Bun.CryptoHasher("sha256", key).update("xy").digest("hex"));
    expect(hashers.map((hasher) => hasher.digest("hex"))).toEqual(expected);
  });

  test("in a file is for its owner only", async () => {
    const body = await bodyOf([Buffer.alloc(300_000)]);
    expect(body.kind === "file" && statSync(body.file.path).mode & 0o777).toBe(0o600);
  });
});

describe("a body that is refused leaves nothing behind", () => {
  test.each([
    ["in memory", 100],
    ["in a file", 600_000],
  ])("one byte over the limit, %s", async (_, bytesMax) => {
    const atLimit = await receive(chunked(streamOf([Buffer.alloc(bytesMax)])), bytesMax);
    expect(await atLimit.received).toMatchObject({ byteCount: bytesMax });
    const tooMuch = streamOf([Buffer.alloc(bytesMax - 1), Buffer.alloc(2)]);
    const overLimit = await receive(chunked(tooMuch), bytesMax);
    expect(await overLimit.received).toBe("body_too_large");
    expect(overLimit.left()).toEqual([]);
  });

  test("a body without end is not read any further than the limit", async () => {
    let asked = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        asked += 1;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    const { received } = await receive(chunked(endless), 10_000);
    expect(await received).toBe("body_too_large");
    expect(asked).toBeLessThan(15);
  });

  test.each([
    ["in memory", 100],
    ["in a file", 600_000],
  ])("of a sender that went away, %s", async (_, size) => {
    const { received, left } = await receive(chunked(streamOf([Buffer.alloc(size)], senderGone())));
    expect(await received).toBe("body_incomplete");
    expect(left()).toEqual([]);
  });

  test("where the stream fails for a reason of our own, which rises", async () => {
    const failing = streamOf([Buffer.alloc(600_000)], new Error("surprise"));
    const { received, left } = await receive(chunked(failing));
    await expect(received).rejects.toThrow("surprise");
    expect(left()).toEqual([]);
  });

  test("where the temporary file can't be made, which rises", async () => {
    const folder = mkdtempSync(join(root, "spool-"));
    const spool = await openSpool(folder, DATABASE_PATH);
    rmSync(folder, { recursive: true });
    const options = { hashers: [], bytesMax: BYTES_MAX, spool, clock: standingClock(), ...undisturbed() };
    const received = receiveBody(chunked(streamOf([Buffer.alloc(600_000)])), options);
    await expect(received).rejects.toThrow(expect.objectContaining({ code: "ENOENT" }));
  });
});

describe("a body announced to be small is taken at once", () => {
  test("is hashed and kept to the byte", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        const { received, hasher, left } = await receive(atOnce(async () => bytes, bytes.byteLength));
        const body = await received;
        if (typeof body === "string") throw new Error(body);
        expect([body.kind, body.byteCount]).toEqual(["memory", bytes.byteLength]);
        expect(Buffer.from(await readWhole(body)).equals(bytes)).toBe(true);
        expect(hasher.digest("hex")).toBe(sha256(bytes));
        expect(left()).toEqual([]);
      }),
    );
  });

  test("is given to every hasher", async () => {
    const hashers = [new Bun.CryptoHasher("sha256", "a"), new Bun.CryptoHasher("sha256", "b")];
    const spool = await openSpool(mkdtempSync(join(root, "spool-")), DATABASE_PATH);
    const options = { hashers, bytesMax: 10, spool, clock: standingClock(), ...undisturbed() };
    await receiveBody(
      atOnce(async () => Buffer.from("xy"), 2),
      options,
    );
    const expected = ["a", "b"].map((key) => new Bun.CryptoHasher("sha256", key).update("xy").digest("hex"));
    expect(hashers.map((hasher) => hasher.digest("hex"))).toEqual(expected);
  });

  test("up to 15 KiB, while one of a byte more comes in chunks", async () => {
    const [atLimit, overLimit] = [Buffer.alloc(15_360), Buffer.alloc(15_361)];
    const small = await endOf(atOnce(async () => atLimit, atLimit.byteLength));
    const large = await endOf(chunked(streamOf([overLimit]), overLimit.byteLength));
    expect(small).toMatchObject({ kind: "memory", byteCount: 15_360 });
    expect(large).toMatchObject({ kind: "memory", byteCount: 15_361 });
  });

  test("up to the limit, while one announced to be larger is refused in chunks", async () => {
    const [atLimit, overLimit] = [Buffer.alloc(100), Buffer.alloc(101)];
    const allowed = await endOf(
      atOnce(async () => atLimit, 100),
      100,
    );
    expect(allowed).toMatchObject({ kind: "memory", byteCount: 100 });
    const { received, left } = await receive(chunked(streamOf([overLimit]), 101), 100);
    expect(await received).toBe("body_too_large");
    expect(left()).toEqual([]);
  });

  test("unless its sender goes away", async () => {
    const { received, left } = await receive(atOnce(() => Promise.reject(senderGone()), 100));
    expect(await received).toBe("body_incomplete");
    expect(left()).toEqual([]);
  });

  test("unless reading fails for a reason of our own, which rises", async () => {
    const { received } = await receive(atOnce(() => Promise.reject(new Error("surprise")), 100));
    await expect(received).rejects.toThrow("surprise");
  });
});

/** A part read piece by piece, copied since pieces share a buffer. */
async function part(body: Body, start?: number, end?: number) {
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(body, start, end)) pieces.push(Buffer.from(Uint8Array.from(piece)));
  return { bytes: Buffer.concat(pieces), longest: Math.max(0, ...pieces.map((piece) => piece.byteLength)) };
}

describe("reading", () => {
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, index) => index % 251));

  test.each([
    ["the whole", undefined, undefined],
    ["the beginning", 0, 10],
    ["the middle, over the border of two pieces", 10, 131_090],
    ["the end", 699_990, 700_000],
    ["nothing", 5, 5],
  ])("gives %s of a file", async (_, start, end) => {
    const read = await part(await bodyOf([bytes]), start, end);
    expect(read.bytes.equals(bytes.subarray(start, end))).toBe(true);
    expect(read.longest).toBeLessThanOrEqual(128 * 1024);
  });

  test("gives a part of what is in memory", async () => {
    const body = await bodyOf([Buffer.from("recording")]);
    expect((await part(body, 2, 5)).bytes.toString()).toBe("cor");
  });

  test("does not end quietly where the file is shorter than the body", async () => {
    const body = await bodyOf([bytes]);
    if (body.kind === "file") truncateSync(body.file.path, 1000);
    await expect(part(body)).rejects.toThrow("ends at 1000 instead of 700000");
  });

  test("may be given up half-way", async () => {
    const body = await bodyOf([bytes]);
    for await (const piece of readPieces(body)) {
      expect(piece.byteLength).toBe(128 * 1024);
      break;
    }
  });
});

/** A sender of one portion before the end of each window of 15 s, who goes away in the end. */
async function receivePortions(portions: readonly number[], windowMs = 15_000) {
  const folder = mkdtempSync(join(root, "spool-"));
  const spool = discardingSpool(await openSpool(folder, DATABASE_PATH));
  const clock = standingClock();
  const sender = new TransformStream<Uint8Array, Uint8Array>();
  const writer = sender.writable.getWriter();
  const receiving = receiveBody(chunked(sender.readable), {
    hashers: [],
    bytesMax: 1e9,
    spool,
    clock,
    ...undisturbed(),
  });
  for (const portion of portions) {
    await writer.write(Buffer.alloc(portion));
    // Is asked for when the portion before it has been dealt with.
    await writer.write(new Uint8Array());
    clock.advanceMs(windowMs);
    jest.advanceTimersByTime(15_000);
  }
  await writer.abort(new DOMException("", "AbortError")).catch(() => {});
  return { received: await receiving, left: readdirSync(folder) };
}

describe("the pace", () => {
  const ENOUGH = 15 * 1024;
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test.each([
    ["from the beginning", [0]],
    ["after a good start", [100_000, ENOUGH, ENOUGH - 1]],
    ["after a good start, in a file", [300_000, ENOUGH, ENOUGH - 1]],
  ])("below 1 KiB/s cuts a body, which leaves nothing behind: %s", async (_, portions) => {
    expect(await receivePortions(portions)).toEqual({ received: "body_too_slow", left: [] });
  });

  test("of 1 KiB/s is enough", async () => {
    expect(await receivePortions(Array(10).fill(ENOUGH))).toEqual({ received: "body_incomplete", left: [] });
  });

  test("is no matter after ten minutes: the body is cut", async () => {
    expect((await receivePortions([ENOUGH, ENOUGH], 299_999)).received).toBe("body_incomplete");
    expect((await receivePortions([ENOUGH, ENOUGH], 300_000)).received).toBe("body_too_slow");
  });

  test.each([0, 1024, 15_360])(
    "of a body of %d bytes, taken at once, lets it arrive within 15 s",
    async (contentLength) => {
      const msMax = 15_000;
      const bytes = new Uint8Array(contentLength);
      for (const [ms, end] of [
        [msMax - 1, { kind: "memory", bytes, byteCount: contentLength }],
        [msMax, "body_too_slow"],
      ] as const) {
        const arrival = Promise.withResolvers<Uint8Array>();
        const { received, left } = await receive(atOnce(() => arrival.promise, contentLength));
        jest.advanceTimersByTime(ms);
        // One that is too slow may also arrive after its end.
        arrival.resolve(bytes);
        expect(await received).toEqual(end);
        expect(left()).toEqual([]);
        expect(jest.getTimerCount()).toBe(0);
      }
    },
  );

  test("is too slow for a body taken at once, whose sender goes away later and unnoticed", async () => {
    const arrival = Promise.withResolvers<Uint8Array>();
    const { received } = await receive(atOnce(() => arrival.promise, 0));
    jest.advanceTimersByTime(15_000);
    expect(await received).toBe("body_too_slow");
    arrival.reject(senderGone());
    jest.useRealTimers();
    // An error that nobody takes would fail the test here.
    await Bun.sleep(0);
  });

  test.each([
    ["goes away", () => Promise.reject(senderGone())],
    ["makes reading fail", () => Promise.reject(new Error("surprise"))],
  ])("is watched no longer where the sender of a body taken at once %s", async (_, bytes) => {
    const { received } = await receive(atOnce(bytes, 100));
    await received.catch(() => {});
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe("a body that has to go", () => {
  test("because it is cut from outside leaves nothing: chunks in a file", async () => {
    const folder = mkdtempSync(join(root, "spool-"));
    const { slot, cut } = undisturbed();
    const sender = new TransformStream<Uint8Array, Uint8Array>();
    const receiving = receiveBody(chunked(sender.readable), {
      hashers: [],
      bytesMax: 1e9,
      spool: await openSpool(folder, DATABASE_PATH),
      clock: standingClock(),
      slot,
      cut,
    });
    await sender.writable.getWriter().write(Buffer.alloc(300_000));
    cut.abort("overloaded");
    cut.abort("body_too_slow");
    expect(await receiving).toBe("overloaded");
    expect(readdirSync(folder)).toBeEmpty();
  });

  test("because there is no room for more of it leaves nothing", async () => {
    const folder = mkdtempSync(join(root, "spool-"));
    const { slot, cut } = undisturbed();
    const received = await receiveBody(chunked(new Blob([Buffer.alloc(600_000)]).stream()), {
      hashers: [],
      bytesMax: 1e9,
      spool: await openSpool(folder, DATABASE_PATH),
      clock: standingClock(),
      slot: { ...slot, progress: (byteCount) => (byteCount > 400_000 ? "disk_low" : null) },
      cut,
    });
    expect(received).toBe("disk_low");
    expect(readdirSync(folder)).toBeEmpty();
  });
});
