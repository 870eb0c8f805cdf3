import { errorCode } from "../../platform/errors.ts";

/**
 * Why a request to ElevenLabs failed, after all its tries. Nothing of an answer's body is in it, except for names: bodies
 * may quote conversations.
 */
export type RestFault =
  /** 401: the key is wrong, or was withdrawn. */
  | { kind: "unauthorized" }
  /** 403, or a 401 that says so: the key lacks a right. If the answer names none, the scope is the one that is documented. */
  | { kind: "forbidden"; scope: string }
  | { kind: "not_found" }
  /** 422: the API takes this request no longer. `member` is what it complains of, such as `query.page_size`. */
  | { kind: "unprocessable"; member: string }
  /** 429, to the last try. */
  | { kind: "rate_limited" }
  /** 408, 5xx, no connection, cut, too slow, to the last try. A POST or PATCH may have been carried out. */
  | { kind: "unavailable"; reason: string }
  /** An answer that can't be used, such as a redirect, no JSON, or a member missing: `reason` says which. */
  | { kind: "bad_answer"; reason: string }
  /** Any other status. */
  | { kind: "refused"; status: number }
  /** The caller's signal ended it. */
  | { kind: "cancelled" };

/** The only error that the client throws. Its message is a sentence for people, without the key. */
export class RestError extends Error {
  override readonly name = "RestError";
  readonly fault: RestFault;
  /** How long ElevenLabs asks to wait; null if it does not say. */
  readonly retryAfterMs: number | null;

  constructor(fault: RestFault, retryAfterMs: number | null = null) {
    super(sentence(fault));
    this.fault = fault;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What a failed connection means. A redirect is not followed: the key must not go where it leads. */
export function faultOfConnection(error: unknown): RestError {
  const code = errorCode(error);
  if (code === "UnexpectedRedirect") return new RestError({ kind: "bad_answer", reason: "a redirect" });
  return new RestError({
    kind: "unavailable",
    reason: /^[\w-]{1,64}$/.test(code) ? code : "no connection",
  });
}

function sentence(fault: RestFault): string {
  switch (fault.kind) {
    case "unauthorized":
      return "ElevenLabs does not accept the API key (401): make a new one and set ELEVENLABS_API_KEY";
    case "forbidden":
      return `the API key lacks the permission ${fault.scope}: add it to the key at ElevenLabs`;
    case "not_found":
      return "no longer at ElevenLabs (404)";
    case "unprocessable":
      return `ElevenLabs refuses ${fault.member} (422): its API has changed, look for a newer version`;
    case "rate_limited":
      return "ElevenLabs is limiting requests (429): try again later";
    case "unavailable":
      return `ElevenLabs can't be reached (${fault.reason}): try again later`;
    case "bad_answer":
      return `ElevenLabs gave an answer that can't be used (${fault.reason})`;
    case "refused":
      return `ElevenLabs refuses the request (${fault.status})`;
    case "cancelled":
      return "stopped";
    default:
      return fault satisfies never;
  }
}
