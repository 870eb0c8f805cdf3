import type { Clock } from "../platform/clock.ts";

/** What came of one request. */
export type ReceiverAnswer =
  | { kind: "answered"; status: number; text: string; location: string | null; durationMs: number }
  | { kind: "unanswered"; problem: string; durationMs: number };

const ANSWER_BYTES_MAX = 16 * 1024;

/**
 * Sends one request and reads the start of the answer. Follows no redirect: ElevenLabs may not either.
 *
 * @param options.isOwn it goes to the receiver of our own settings, on this machine: the certificate that we find there
 *   is made out to another name than an address of this machine, and is not verified
 * @param options.named what people name the URL with, for messages
 */
export async function request(
  url: URL,
  options: { init: RequestInit; timeoutMs: number; clock: Clock; isOwn?: boolean; named?: string },
): Promise<ReceiverAnswer> {
  const { init, timeoutMs, clock, isOwn = false, named = "--url" } = options;
  const startedMs = clock.monotonicMs();
  const durationMs = () => clock.monotonicMs() - startedMs;
  try {
    const response = await fetch(url, {
      ...init,
      redirect: "manual",
      tls: { rejectUnauthorized: !isOwn },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readStart(response);
    const location = response.headers.get("location");
    return { kind: "answered", status: response.status, text, location, durationMs: durationMs() };
  } catch (error) {
    return {
      kind: "unanswered",
      problem: whyUnanswered(error, url, { timeoutMs, named }),
      durationMs: durationMs(),
    };
  }
}

async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    byteCount += chunk.byteLength;
    if (byteCount >= ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString();
}

const certificateCodes = /CERT|SIGNED|ISSUER|UNABLE_TO_(?:GET|VERIFY)|HOSTNAME/;

function whyUnanswered(
  error: unknown,
  { protocol, host, hostname }: URL,
  { timeoutMs, named }: { timeoutMs: number; named: string },
): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (error instanceof Error && error.name === "TimeoutError")
    return `no answer within ${timeoutMs / 1000} s`;
  if (code === "ECONNREFUSED") {
    return `nothing listens at ${host}: start the receiver, or name another place with ${named}`;
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `there is no host ${hostname}: check ${named}`;
  if (code === "EPROTO") return `${host} does not speak TLS: try http://`;
  if (certificateCodes.test(code)) {
    return `the certificate of ${host} can't be verified (${code}): ElevenLabs could not deliver there either`;
  }
  if (code === "EPIPE") {
    return "the connection was closed while the body was being sent: it may be larger than is allowed there";
  }
  if (code === "ECONNRESET") {
    return `the connection was closed without an answer${protocol === "http:" ? ": it may be one for https://" : ""}`;
  }
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return `there is no way to ${host}: check ${named}`;
  return `the request failed (${code === "" ? String(error) : code})`;
}
