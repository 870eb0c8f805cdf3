import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import type { TemporaryFile } from "../../../src/platform/files.ts";
import { openSpool } from "../../../src/store/spool.ts";
import type { Spool } from "../../../src/store/spool.ts";
import { MEMORY_BYTES_MAX, readPieces, readWhole, receiveBody } from "../../../src/webhook/body.ts";
import type { Body } from "../../../src/webhook/body.ts";
import { standingClock } from "../../helpers/clock.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const root = temporaryFolder();
const BYTES_MAX = 1024 * 1024;

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
async function receive(stream: ReadableStream<Uint8Array> | null, bytesMax = BYTES_MAX) {
  const folder = mkdtempSync(join(root, "spool-"));
  const hasher = new Bun.CryptoHasher("sha256");
  const options = {
    hashers: [hasher],
    bytesMax,
    spool: discardingSpool(await openSpool(folder)),
    clock: standingClock(),
  };
  return { received: receiveBody(stream, options), hasher, left: () => readdirSync(folder) };
}

async function bodyOf(chunks: readonly Uint8Array[], bytesMax = BYTES_MAX): Promise<Body> {
  const body = await (await receive(streamOf(chunks), bytesMax)).received;
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
    const { received, left } = await receive(stream);
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
        const { received, hasher } = await receive(streamOf(chunks));
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
    const spool = await openSpool(mkdtempSync(join(root, "spool-")));
    await receiveBody(streamOf([Buffer.from("xy")]), {
      hashers,
      bytesMax: 10,
      spool,
      clock: standingClock(),
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
    const atLimit = await receive(streamOf([Buffer.alloc(bytesMax)]), bytesMax);
    expect(await atLimit.received).toMatchObject({ byteCount: bytesMax });
    const overLimit = await receive(streamOf([Buffer.alloc(bytesMax - 1), Buffer.alloc(2)]), bytesMax);
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
    const { received } = await receive(endless, 10_000);
    expect(await received).toBe("body_too_large");
    expect(asked).toBeLessThan(15);
  });

  test.each([
    ["in memory", 100],
    ["in a file", 600_000],
  ])("of a sender that went away, %s", async (_, size) => {
    const gone = new DOMException("The connection was closed.", "AbortError");
    const { received, left } = await receive(streamOf([Buffer.alloc(size)], gone));
    expect(await received).toBe("body_incomplete");
    expect(left()).toEqual([]);
  });

  test("where the stream fails for a reason of our own, which rises", async () => {
    const { received, left } = await receive(streamOf([Buffer.alloc(600_000)], new Error("surprise")));
    await expect(received).rejects.toThrow("surprise");
    expect(left()).toEqual([]);
  });

  test("where the temporary file can't be made, which rises", async () => {
    const folder = mkdtempSync(join(root, "spool-"));
    const spool = await openSpool(folder);
    rmSync(folder, { recursive: true });
    const options = { hashers: [], bytesMax: BYTES_MAX, spool, clock: standingClock() };
    const received = receiveBody(streamOf([Buffer.alloc(600_000)]), options);
    await expect(received).rejects.toThrow(expect.objectContaining({ code: "ENOENT" }));
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
    ["the middle, over the border of two pieces", 262_140, 262_150],
    ["the end", 699_990, 700_000],
    ["nothing", 5, 5],
  ])("gives %s of a file", async (_, start, end) => {
    const read = await part(await bodyOf([bytes]), start, end);
    expect(read.bytes.equals(bytes.subarray(start, end))).toBe(true);
    expect(read.longest).toBeLessThanOrEqual(256 * 1024);
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
      expect(piece.byteLength).toBe(256 * 1024);
      break;
    }
  });
});

/** A sender of one portion before the end of each window of 15 s, who goes away in the end. */
async function receivePortions(portions: readonly number[], windowMs = 15_000) {
  const folder = mkdtempSync(join(root, "spool-"));
  const spool = discardingSpool(await openSpool(folder));
  const clock = standingClock();
  const sender = new TransformStream<Uint8Array, Uint8Array>();
  const writer = sender.writable.getWriter();
  const receiving = receiveBody(sender.readable, { hashers: [], bytesMax: 1e9, spool, clock });
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
});
