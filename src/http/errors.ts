import type { AnyElysia } from "elysia";
import type { QuarantineCode } from "../vendor/event.ts";
import type { RefusalCode } from "../webhook/outcome.ts";

export type ErrorCode =
  | RefusalCode
  | QuarantineCode
  | "storage_failed"
  | "method_not_allowed"
  | "not_found"
  | "api_off"
  | "token_invalid"
  | "too_many_attempts"
  | "origin_not_allowed"
  | "session_refused"
  | "invalid_parameter"
  | "data_replaced"
  | "payload_not_kept"
  | "payload_missing"
  | "audio_missing"
  | "recovery_off"
  | "search_not_ready"
  | "erasure_unfinished";

type ErrorAnswer = { status: number; error: string; headers?: Record<string, string> };

/** Every error that this program answers with. The answers say nothing of secrets, paths or schemas; the log does. */
export const errorAnswers: Record<ErrorCode, ErrorAnswer> = {
  source_not_allowed: { status: 403, error: "Source address not allowed" },
  signature_missing: { status: 401, error: "Missing signature header" },
  signature_malformed: { status: 401, error: "No signature hash found with expected scheme v0" },
  timestamp_expired: { status: 400, error: "Timestamp outside the tolerance zone" },
  signature_mismatch: {
    status: 401,
    error: "Signature hash does not match the expected signature hash for payload",
  },
  invalid_json: { status: 400, error: "Invalid JSON" },
  unknown_type: { status: 400, error: "Unknown webhook type" },
  invalid_payload: { status: 400, error: "Invalid payload" },
  body_too_large: { status: 413, error: "Request body too large" },
  body_too_slow: { status: 408, error: "Request body too slow" },
  body_incomplete: { status: 400, error: "Request body incomplete" },
  overloaded: { status: 503, error: "Too many requests in flight", headers: { "retry-after": "5" } },
  disk_low: { status: 503, error: "Not enough free disk space", headers: { "retry-after": "60" } },
  shutting_down: { status: 503, error: "Shutting down", headers: { "retry-after": "5" } },
  storage_failed: { status: 500, error: "Internal server error" },
  method_not_allowed: { status: 405, error: "Method not allowed" },
  not_found: { status: 404, error: "Not found" },
  api_off: { status: 404, error: "The API is off: set API_TOKEN to turn it on" },
  token_invalid: {
    status: 401,
    error: "Missing or wrong token: send the header Authorization: Bearer TOKEN",
    headers: { "www-authenticate": "Bearer" },
  },
  too_many_attempts: {
    status: 429,
    error: "Too many wrong tokens from this address: wait a minute",
    headers: { "retry-after": "60" },
  },
  origin_not_allowed: {
    status: 403,
    error: "Not sent by a page of this receiver, which a cookie is for: send the token instead",
  },
  session_refused: {
    status: 400,
    error: 'Send the token as JSON: {"token": "TOKEN"}',
  },
  invalid_parameter: { status: 400, error: "Invalid parameter" },
  data_replaced: { status: 409, error: "The data were replaced by a restore" },
  payload_not_kept: { status: 404, error: "The event was stored without its content" },
  payload_missing: { status: 404, error: "The event's content is missing from the disk" },
  audio_missing: { status: 404, error: "The recording is not in its place on disk any more" },
  erasure_unfinished: {
    status: 503,
    error: "Not everything is erased yet: it goes on, and is tried again every hour",
    headers: { "retry-after": "60" },
  },
  recovery_off: { status: 404, error: "Nothing can be fetched: set ELEVENLABS_API_KEY, and reload" },
  search_not_ready: {
    status: 503,
    error: "The search index does not have everything yet",
    headers: { "retry-after": "10" },
  },
};

/**
 * Makes the answer to an error: `{"error": "...", "code": "..."}`.
 *
 * @param more `error` if the message holds more than the code tells; `headers` and further `members` of this answer
 *   alone
 */
export function errorResponse(
  code: ErrorCode,
  more: {
    error?: string;
    headers?: Record<string, string>;
    members?: Record<string, string | number>;
  } = {},
): Response {
  const { status, error, headers } = errorAnswers[code];
  return Response.json(
    { error: more.error ?? error, code, ...more.members },
    { status, headers: { ...headers, ...more.headers } },
  );
}

/** Answers 405 on every path of a group, to methods that it has no route for: to be used behind all its routes. */
export function refuseOtherMethods<Group extends AnyElysia>(group: Group): Group {
  for (const [path, routes] of Map.groupBy(group.routes, (route) => route.path)) {
    const methods = routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    const headers = { allow: methods.join(", ") };
    const answer = () => errorResponse("method_not_allowed", { headers });
    group.all(path, answer, { parse: "none", detail: { hide: true } });
  }
  return group;
}
