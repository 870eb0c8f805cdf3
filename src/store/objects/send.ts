import type { Log } from "../../platform/log.ts";
import type { Ask, Dialect } from "./dialect.ts";
import { ObjectFault, refusal, unreached } from "./faults.ts";
import { element } from "./xml.ts";

/** Answers are lists of at most 1,000 (S3) or 5,000 (Azure) names, parts of objects, or say what is wrong. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;
const CODE_CHARS_MAX = 64;
const OBJECT_MISSING = /^(NoSuchKey|BlobNotFound|404)$/;
const FIRST_PAUSE_MS = 50;
const PAUSE_MS_MAX = 1000;
const IDLE_CONNECTIONS_MAX = 16;
const IDLE_SECONDS_MAX = 4;
/** The slowest that an upload may be as a whole. */
const BYTES_PER_MS_MIN = 1024;
/** What may be on its way of an upload, in buffers on both sides, without a sign of progress: it gets more time. */
const ON_ITS_WAY_BYTES_MAX = 16 * 1024 * 1024;
const BYTES_PER_STALL = 8 * 1024 * 1024;

/** How long is waited. */
export type Patience = {
  /** For anything to go on: then it is tried again, over another connection. */
  stallMsMax: number;
  /** From the first try on; an upload may take longer, by its size. */
  msMax: number;
};

export type BucketAnswer = {
  /** Success, 404 or 416. */
  status: number;
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer>;
};

/** Sends a request, again if that may help. @throws ObjectFault */
export type AskBucket = (ask: Ask, patience: Patience) => Promise<BucketAnswer>;

export function createBucketClient(dialect: Dialect, log: Log): { send: AskBucket; close: () => void } {
  const session = new Bun.FetchSession({
    keepAlive: { maxIdleSockets: IDLE_CONNECTIONS_MAX, idleTimeout: IDLE_SECONDS_MAX },
  });

  /** @throws ObjectFault */
  async function attempt(ask: Ask, stallMsMax: number, endMs: number): Promise<BucketAnswer> {
    const { method, upload } = ask;
    const { url, headers } = await dialect.request(ask, Date.now());
    const onItsWay = Math.min(upload?.byteCount ?? 0, ON_ITS_WAY_BYTES_MAX);
    const watchdog = startWatchdog(stallMsMax * (1 + onItsWay / BYTES_PER_STALL), endMs);
    try {
      const response = await session.fetch(url, {
        method,
        headers: upload === undefined ? headers : { ...headers, "content-length": `${upload.byteCount}` },
        // Not a Bun.file: over TLS the runtime reads all of it into memory, twice (seen: 200 MB for 100 MB).
        ...(upload !== undefined && { body: watched(upload.pieces(), watchdog.progress) }),
        redirect: "manual",
        decompress: false,
        signal: watchdog.signal,
      });
      return await answerOf(response, watchdog.progress);
    } catch (error) {
      throw error instanceof ObjectFault ? error : unreached(dialect, error);
    } finally {
      watchdog.end();
    }
  }

  async function answerOf(response: Response, progress: () => void): Promise<BucketAnswer> {
    const { status, headers } = response;
    const bytes = await bytesOf(response, progress);
    if (bytes === null) throw refusal(dialect, status, "AnswerTooLarge");
    if (response.ok) return { status, headers, bytes };
    const text = new TextDecoder().decode(bytes.subarray(0, ERROR_BYTES_MAX));
    const code = headers.get("x-ms-error-code") ?? element(text, "Code") ?? `${status}`;
    const isOfObject = status === 416 || (status === 404 && OBJECT_MISSING.test(code));
    if (!isOfObject) throw refusal(dialect, status, code.replaceAll(/\W/g, "").slice(0, CODE_CHARS_MAX));
    return { status, headers, bytes };
  }

  return {
    async send(ask, { stallMsMax, msMax }) {
      const endMs = performance.now() + msMax + (ask.upload?.byteCount ?? 0) / BYTES_PER_MS_MIN;
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
        try {
          return await attempt(ask, stallMsMax, endMs);
        } catch (error) {
          const canHelp = error instanceof ObjectFault && error.isTransient;
          if (!canHelp || performance.now() + pauseMs >= endMs) throw error;
          if (pauseMs === FIRST_PAUSE_MS) log.warning(`Trying again: ${error.message}`);
          // Others may lead to where nothing answers, too.
          session.close();
          await Bun.sleep(pauseMs);
        }
      }
    },
    close: () => session.close(),
  };
}

/** Ends a request that does not go on for a while, or that takes too long in all. */
function startWatchdog(stallMsMax: number, endMs: number) {
  const controller = new AbortController();
  const abort = () => controller.abort(new DOMException("no progress", "TimeoutError"));
  let timer: ReturnType<typeof setTimeout> | undefined;

  function progress(): void {
    clearTimeout(timer);
    timer = setTimeout(abort, Math.max(1, Math.min(stallMsMax, endMs - performance.now())));
  }

  progress();
  return { signal: controller.signal, progress, end: () => clearTimeout(timer) };
}

async function* watched(pieces: AsyncIterable<Uint8Array>, progress: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    progress();
    yield piece;
  }
}

/** null if there are too many. */
async function bytesOf({ body }: Response, progress: () => void): Promise<Uint8Array<ArrayBuffer> | null> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let byteCount = 0;
  for await (const piece of body ?? []) {
    progress();
    byteCount += piece.byteLength;
    if (byteCount > ANSWER_BYTES_MAX) return null;
    pieces.push(piece);
  }
  const [first] = pieces;
  return first?.byteLength === byteCount ? first : Buffer.concat(pieces, byteCount);
}
