import { errorCode } from "../platform/errors.ts";
import { canonicalAddress } from "../platform/address.ts";
import { withinMs } from "../platform/wait.ts";
import { version } from "../platform/version.ts";
import type { BlobContent } from "../store/port.ts";
import type { Destination } from "./destination.ts";
import { findRoute, resolveBySystem, urlAt } from "./route.ts";
import type { Resolve, Route } from "./route.ts";
import { signMessage } from "./signature.ts";

const ATTEMPT_MS_MAX = 15_000;
/** What is read of an answer's body, so that the connection can be used again; it is ignored. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** An answer's body that takes longer is cut off: its status has said everything. */
const ANSWER_MS_MAX = 1_000;
/** A server of one thread serves no other connection while one is open: idle ones are closed after so long without an answer. */
const QUIET_MS = 100;
const IDLE_CONNECTIONS_MAX = 8;

/** Errors of a connection that was not made: another address may answer. */
const unreachedCodes = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ConnectionRefused",
]);

/** One message to one destination. */
export type ForwardMessage = {
  id: string;
  /** In memory, a file, or in a bucket. */
  body: Uint8Array<ArrayBuffer> | BlobContent;
  headers: Readonly<Record<string, string>>;
};

export type AttemptOutcome =
  | { kind: "taken"; status: number; answer: string }
  /** It wants nothing more, ever: 410. */
  | { kind: "gone"; status: number; answer: string }
  /** `status` is null if there was no answer. */
  | { kind: "failed"; problem: string; status: number | null; answer: string }
  /** It was called off. */
  | { kind: "called off" };

export type Courier = ReturnType<typeof createCourier>;

/** Makes what sends messages to a destination, over connections of its own. Each attempt obeys all rules about addresses. */
export function createCourier(
  destination: Destination,
  options: { resolve?: Resolve; environment?: Record<string, string | undefined>; msMax?: number } = {},
) {
  const { resolve = resolveBySystem, environment = process.env, msMax = ATTEMPT_MS_MAX } = options;
  const url = new URL(destination.url);
  const session = new Bun.FetchSession({
    keepAlive: { maxIdleSockets: IDLE_CONNECTIONS_MAX },
  });
  const hostAddress = canonicalAddress(url.hostname.replace(/^\[(.*)\]$/, "$1"));

  let quiet: ReturnType<typeof setTimeout> | undefined;

  function closeWhenQuiet(): void {
    clearTimeout(quiet);
    // What is under way goes on.
    quiet = setTimeout(() => session.close(), QUIET_MS);
    quiet.unref();
  }

  async function headersOf(message: ForwardMessage): Promise<Record<string, string>> {
    const timestamp = Math.floor(Date.now() / 1000);
    const { keys } = destination;
    const pieces = message.body instanceof Uint8Array ? [message.body] : message.body.stream();
    const signature =
      keys.length === 0 ? null : await signMessage({ id: message.id, timestamp }, keys, pieces);
    return {
      "user-agent": `elevenlabs-webhook/${version.program}`,
      ...destination.headers,
      "content-type": "application/json",
      "webhook-id": message.id,
      "webhook-timestamp": String(timestamp),
      ...(signature !== null && { "webhook-signature": signature }),
      ...message.headers,
    };
  }

  async function request(message: ForwardMessage, route: Route, signal: AbortSignal): Promise<Response> {
    const { body } = message;
    // What is in a bucket is read once for the signature, and once for each address that is tried.
    const content = () => (body instanceof Uint8Array || body instanceof Blob ? body : body.stream());
    const init = {
      method: "POST",
      headers: await headersOf(message),
      redirect: "manual" as const,
      // What is not unpacked can't burst.
      decompress: false,
      signal,
    };
    if (route.kind === "refused") throw new RefusedError(route.problem);
    if (route.kind === "proxy") {
      return session.fetch(url.href, {
        ...init,
        body: content(),
        proxy: { url: route.url, respectNoProxy: false },
      });
    }
    let unreached: unknown = new RefusedError("the name has no address");
    for (const address of route.addresses) {
      try {
        return await session.fetch(urlAt(url, address), {
          ...init,
          body: content(),
          headers: { ...init.headers, host: url.host },
          ...(hostAddress === null && { tls: { serverName: url.hostname } }),
          proxy: false,
        });
      } catch (error) {
        if (!unreachedCodes.has(errorCode(error))) throw error;
        unreached = error;
      }
    }
    throw unreached;
  }

  return {
    /** Makes one attempt. Never throws: whatever happens is an outcome. */
    async send(message: ForwardMessage, calledOff: AbortSignal | null = null): Promise<AttemptOutcome> {
      const isCalledOff = () => calledOff?.aborted === true;
      if (isCalledOff()) return { kind: "called off" };
      const timeLimit = AbortSignal.timeout(msMax);
      const signal = calledOff === null ? timeLimit : AbortSignal.any([timeLimit, calledOff]);
      try {
        const route = await withSignal(findRoute(url, { resolve, environment }), signal);
        const response = await request(message, route, signal);
        return outcomeOf(response.status, await readAnswer(response));
      } catch (error) {
        if (timeLimit.aborted) return failed(`no answer within ${msMax / 1000} s`);
        if (isCalledOff()) return { kind: "called off" };
        return failed(problemOf(error));
      } finally {
        closeWhenQuiet();
      }
    },

    close(): void {
      clearTimeout(quiet);
      session.close();
    },
  };
}

/** The rules about addresses forbid it. */
class RefusedError extends Error {
  override readonly name = "RefusedError";
}

function outcomeOf(status: number, answer: string): AttemptOutcome {
  if (status >= 200 && status < 300) return { kind: "taken", status, answer };
  if (status === 410) return { kind: "gone", status, answer };
  const isRedirect = status >= 300 && status < 400;
  return {
    kind: "failed",
    problem: `HTTP ${status}${isRedirect ? ", and redirects are not followed" : ""}`,
    status,
    answer,
  };
}

function failed(problem: string): AttemptOutcome {
  return { kind: "failed", problem, status: null, answer: "" };
}

/** Without the message of an error: it may quote the URL, which is a secret. */
function problemOf(error: unknown): string {
  return error instanceof RefusedError ? error.message : errorCode(error);
}

/** The beginning of an answer's body, or what has arrived of it in time. */
async function readAnswer({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  const read = async () => {
    let byteCount = 0;
    while (byteCount <= ANSWER_BYTES_MAX) {
      const { done, value } = await reader.read();
      if (done) return;
      byteCount += value.byteLength;
      pieces.push(value);
    }
  };
  // A body that breaks off changes nothing: the status was received.
  await withinMs(
    read().catch(() => {}),
    ANSWER_MS_MAX,
  );
  // Without an effect if all was read.
  void reader.cancel().catch(() => {});
  return Buffer.concat(pieces).subarray(0, ANSWER_BYTES_MAX).toString();
}

/** Rejects if the signal comes first: a name server may keep quiet for longer. */
function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", abort));
}
