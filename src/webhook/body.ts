import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../platform/clock.ts";
import type { TemporaryFile } from "../platform/files.ts";
import type { BlobIntake, BlobContent } from "../store/port.ts";
import type { AdmissionRefusal, Slot } from "./admission/admission.ts";
import { createPieces } from "./pieces.ts";

/** Larger bodies go to a temporary file. */
export const MEMORY_BYTES_MAX = 256 * 1024;

/** A body slower than this over the window is cut off. */
const BYTES_PER_SECOND_MIN = 1024;
const WINDOW_MS = 15_000;
const WINDOW_BYTES_MIN = (BYTES_PER_SECOND_MIN * WINDOW_MS) / 1000;
const BODY_MS_MAX = 10 * 60_000;

/** Larger bodies are not read all at once, which shows no progress: smaller ones have to be complete within one window. */
const AT_ONCE_BYTES_MAX = WINDOW_BYTES_MIN;

/**
 * After this much of one body it is the turn of the others. The runtime goes on reading a connection as long as there is
 * something to read: without a pause a fast sender keeps everybody waiting (seen: 90 ms). While we pause, it pauses too,
 * so that nothing piles up.
 */
const TURN_BYTES = 1024 * 1024;

/**
 * Nor is it the turn of a body that comes in small pieces: asked at once for the next, the runtime wakes us for every
 * byte of those sent one by one (seen: 3 s without an answer to others); asked later, it has put them together.
 */
const SMALL_BYTES = 1024;
const SMALL_PIECES_MAX = 8;

/** A complete body: in memory, or in a temporary file that its holder must discard. */
export type Body =
  | { kind: "memory"; bytes: Uint8Array; byteCount: number }
  | { kind: "file"; file: TemporaryFile; byteCount: number };

/** A complete body, also one that is stored already. */
export type ReadableBody = Body | { kind: "blob"; blob: BlobContent; byteCount: number };

/** A complete body whose signature holds. */
export type SignedBody<Kept extends ReadableBody = Body> = {
  body: Kept;
  /** Lower-case hex. */
  bodySha256: string;
  receivedAtMs: number;
};

/** Why an intake is ended from outside. */
type CutReason = "body_too_slow" | AdmissionRefusal;

/** Ends an intake: an AbortController whose reasons are known. */
export type Cut = {
  abort: (reason: CutReason) => void;
  signal: Pick<AbortSignal, "addEventListener"> & { readonly reason: CutReason | undefined };
};

export type BodyRefusal = "body_too_large" | "body_too_slow" | "body_incomplete" | AdmissionRefusal;

/** Where a body comes from: usually a request. */
export type BodySource = {
  /** Bytes that the sender announces; null if it sends chunks. */
  contentLength: number | null;
  stream: () => ReadableStream<Uint8Array> | null;
  /** All of it at once: half the work of a stream, for bodies announced to be small. */
  bytes: () => Promise<Uint8Array>;
};

type Intake = {
  hashers: Bun.CryptoHasher[];
  bytesMax: number;
  /** Takes a body that is too large for memory. */
  spool: Pick<BlobIntake, "create">;
  clock: Clock;
  slot: Slot;
  /** Ends it from outside, after it has begun. */
  cut: Cut;
};

/**
 * Takes in a body: every byte is counted and given to the hashers, none is interpreted. Up to 256 KiB stay in memory. A
 * body that is refused, or whose sender goes away, leaves nothing behind.
 *
 * @throws if the temporary file can't be written
 */
export async function receiveBody(source: BodySource, intake: Intake): Promise<Body | BodyRefusal> {
  const { contentLength } = source;
  const isSmall = contentLength !== null && contentLength <= Math.min(AT_ONCE_BYTES_MAX, intake.bytesMax);
  try {
    return await (isSmall
      ? receiveAtOnce(source, contentLength, intake)
      : receiveChunks(source.stream(), intake));
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return "body_incomplete";
    throw error;
  }
}

async function receiveAtOnce(
  source: BodySource,
  contentLength: number,
  { hashers, slot, cut }: Intake,
): Promise<Body | BodyRefusal> {
  const refusal = slot.announce(contentLength);
  if (refusal !== null) return refusal;
  const timer = setTimeout(() => cut.abort("body_too_slow"), WINDOW_MS);
  const body = source.bytes();
  const isCut = Promise.withResolvers<null>();
  cut.signal.addEventListener("abort", () => isCut.resolve(null));
  try {
    const bytes = await Promise.race([body, isCut.promise]);
    if (bytes === null) return cut.signal.reason ?? "body_incomplete";
    for (const hasher of hashers) hasher.update(bytes);
    return { kind: "memory", bytes, byteCount: bytes.byteLength };
  } finally {
    clearTimeout(timer);
  }
}

async function receiveChunks(
  stream: ReadableStream<Uint8Array> | null,
  { hashers, bytesMax, spool, clock, slot, cut }: Intake,
): Promise<Body | BodyRefusal> {
  if (stream === null) return { kind: "memory", bytes: new Uint8Array(), byteCount: 0 };

  const reader = stream.getReader();
  cut.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
  const pace = watchPace(clock, cut);
  const pieces = createPieces();
  let file: TemporaryFile | null = null;
  let isComplete = false;
  let byteCount = 0;
  let turnEnd = TURN_BYTES;
  let smallPieces = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (cut.signal.reason !== undefined) return cut.signal.reason;
      if (done) break;
      byteCount += value.byteLength;
      pace.progress(byteCount);
      if (byteCount > bytesMax) return "body_too_large";
      const refusal = slot.progress(byteCount, byteCount <= MEMORY_BYTES_MAX ? "memory" : "disk");
      if (refusal !== null) return refusal;
      for (const hasher of hashers) hasher.update(value);
      pieces.add(value);
      if (byteCount > MEMORY_BYTES_MAX) {
        file ??= await spool.create();
        pieces.moveTo(file);
      }
      if (value.byteLength < SMALL_BYTES) smallPieces += 1;
      const isSmallAgain = value.byteLength < SMALL_BYTES && smallPieces > SMALL_PIECES_MAX;
      if (byteCount < turnEnd && !isSmallAgain) continue;
      turnEnd = byteCount + TURN_BYTES;
      await nextTurn();
    }
    if (file !== null) pieces.moveTo(file, { isEnd: true });
    isComplete = true;
  } finally {
    pace.stop();
    if (!isComplete) await file?.discard();
  }
  if (file !== null) return { kind: "file", file, byteCount };
  return { kind: "memory", bytes: pieces.join(), byteCount };
}

/** Cuts off a body that falls below the minimum rate or takes too long in all. */
function watchPace(clock: Clock, cut: Cut): { progress: (byteCount: number) => void; stop: () => void } {
  const startedMs = clock.monotonicMs();
  let received = 0;
  let receivedBefore = 0;
  const timer = setInterval(() => {
    const isStalled = received - receivedBefore < WINDOW_BYTES_MIN;
    receivedBefore = received;
    if (isStalled || clock.monotonicMs() - startedMs >= BODY_MS_MAX) cut.abort("body_too_slow");
  }, WINDOW_MS);
  return {
    progress: (byteCount) => (received = byteCount),
    stop: () => clearInterval(timer),
  };
}

/** Reads a body, or a part of it, in pieces. A piece is valid until the next one is asked for: they may share a buffer. */
export function readPieces(body: ReadableBody, start = 0, end = body.byteCount): AsyncIterable<Uint8Array> {
  switch (body.kind) {
    case "memory":
      return onePiece(body.bytes.subarray(start, end));
    case "file":
      return body.file.pieces(start, end);
    case "blob":
      return body.blob.slice(start, end).stream();
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Returns the whole body; the caller has made sure that it is small enough. */
export function readWhole(body: ReadableBody): Uint8Array | Promise<Uint8Array> {
  switch (body.kind) {
    case "memory":
      return body.bytes;
    case "file":
      return body.file.bytes();
    case "blob":
      return body.blob.bytes();
  }
}
