import { createLimit } from "../../platform/limit.ts";
import { badAnswer, judgeAnswer } from "./judge.ts";
import type { RestPace } from "./pace.ts";
import { repeat } from "./repeat.ts";
import { startWatchdog } from "./watchdog.ts";
import type { Watchdog } from "./watchdog.ts";

// The vendor limits how many requests run at once, not how many come.
const REQUESTS_AT_ONCE_MAX = 2;
const RECORDINGS_AT_ONCE_MAX = 1;
/** How often the growth of memory is measured, and how large it may be. */
const LOOK_EVERY_BYTES = 2 * 1024 * 1024;
const GROWTH_BYTES_MAX = 10 * 1024 * 1024;

/** What is special about a request. */
export type SendRules = {
  /** The permission that it needs by the documents. */
  scope: string;
  signal: AbortSignal | undefined;
};

/** A body while it comes in, with its length if that is known. */
export type Incoming = { bytes: number | null; pieces: AsyncIterable<Uint8Array> };

/** A request that can be sent more than once. */
export type Outgoing = { url: string; method: string; headers: Headers; body: string | null };

export type Send = {
  /** Repeats, and has the whole answer before it returns. */
  answer: (request: Outgoing, rules: SendRules & { bytesMax: number }) => Promise<Response>;
  /** Gives an answer's body to `take` while it comes in, each time from its first byte. */
  stream: <T>(request: Outgoing, rules: SendRules, take: (incoming: Incoming) => Promise<T>) => Promise<T>;
};

/** Sends requests to ElevenLabs, few at once, and again if that may help. */
export function createSend(pace: RestPace): Send {
  const requestSlot = createLimit(REQUESTS_AT_ONCE_MAX);
  const recordingSlot = createLimit(RECORDINGS_AT_ONCE_MAX);

  async function once<T>(
    request: Outgoing,
    { scope, signal }: SendRules,
    { msMax, take }: { msMax: number; take: (incoming: Incoming) => Promise<T> },
  ): Promise<T> {
    const watchdog = startWatchdog(pace, msMax, signal);
    try {
      const answer = await connect(request, scope, watchdog);
      return await take(incoming(answer, watchdog));
    } finally {
      watchdog.end();
    }
  }

  return {
    answer: async (request, rules) =>
      await requestSlot(() => {
        const take = async ({ pieces }: Incoming) => new Response(await whole(pieces, rules.bytesMax));
        const work = () => once(request, rules, { msMax: pace.answerMsMax, take });
        return repeat(work, { method: request.method, pace, signal: rules.signal });
      }),
    stream: async (request, rules, take) =>
      await recordingSlot(() => {
        const work = () => once(request, rules, { msMax: pace.recordingMsMax, take });
        return repeat(work, { method: request.method, pace, signal: rules.signal });
      }),
  };
}

/** @throws RestError if there is no answer, or none of success */
async function connect(
  { url, method, headers, body }: Outgoing,
  scope: string,
  { signal, faultOf }: Watchdog,
): Promise<Response> {
  try {
    const answer = await fetch(url, {
      method,
      headers,
      body,
      signal,
      // The key must not travel on.
      redirect: "error",
      // The bytes as they were sent: their number can be compared with the length.
      decompress: false,
      // A connection from before may be closed by now, and a POST is not repeated.
      keepalive: method !== "POST",
    });
    await judgeAnswer(answer, scope);
    return answer;
  } catch (error) {
    throw faultOf(error);
  }
}

function incoming(answer: Response, watchdog: Watchdog): Incoming {
  const length = answer.headers.get("content-length");
  const bytes = length === null ? null : Number(length);
  return { bytes, pieces: checked(answer, bytes, watchdog) };
}

/** @throws RestError if the body is cut, or is not as long as its length says */
async function* checked(
  { body }: Response,
  bytes: number | null,
  watchdog: Watchdog,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  const tidy = createTidy();
  try {
    for await (const piece of body ?? []) {
      watchdog.isAlive();
      received += piece.byteLength;
      yield piece;
      tidy(received);
    }
  } catch (error) {
    throw watchdog.faultOf(error);
  }
  if (bytes !== null && received !== bytes) throw badAnswer("not as long as its length");
}

async function whole(pieces: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.byteLength;
    if (bytes > bytesMax) throw badAnswer("too large");
    parts.push(piece);
  }
  return new Uint8Array(Buffer.concat(parts, bytes));
}

/**
 * Makes what keeps a large body from taking memory. The runtime frees its pieces late if they come fast: 100 MB took up to
 * 28 MB. Collecting takes some milliseconds in which nothing is received, so only if it is needed.
 */
function createTidy(): (received: number) => void {
  let lookAt = LOOK_EVERY_BYTES;
  let usual: number | null = null;
  return (received) => {
    if (received < lookAt) return;
    lookAt = received + LOOK_EVERY_BYTES;
    usual ??= process.memoryUsage.rss();
    if (process.memoryUsage.rss() - usual < GROWTH_BYTES_MAX) return;
    Bun.gc(true);
    usual = process.memoryUsage.rss();
  };
}
