import type { FailureReason } from "../model/recovery.ts";
import { RestError } from "../vendor/rest/fault.ts";
import type { RestFault } from "../vendor/rest/fault.ts";

/** Why a run ends before its end. */
export type RunStopReason =
  /** The key is refused, or lacks a right. */
  | "key"
  | "cancelled"
  /** The API has changed, or answers what it was not asked. */
  | "api"
  /** It can't be reached. */
  | "unavailable"
  | "disk";

/** Ends a run; what it has stored stays, and the next run goes on. */
export class StopRun extends Error {
  override readonly name = "StopRun";
  readonly reason: RunStopReason;

  constructor(reason: RunStopReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What somebody hears who has asked for a run by hand. */
export const CANCELLED = "it was ended, by a stop or a reload of the receiver: run it again";

/** Why nothing can be listed. @throws what is not of the client */
export function stopOfListing(error: unknown): StopRun {
  if (!(error instanceof RestError)) throw error;
  return stopFor(error);
}

/**
 * What follows from a request for one conversation that failed: the whole run ends, or only this one is put off.
 *
 * @throws what is not of the client
 */
export function reactionTo(
  error: unknown,
): { kind: "stop"; stop: StopRun } | { kind: "fail"; reason: FailureReason; why: string } {
  if (error instanceof StopRun) return { kind: "stop", stop: error };
  if (!(error instanceof RestError)) throw error;
  const { fault, message: why } = error;
  switch (fault.kind) {
    case "unauthorized":
    case "forbidden":
    case "cancelled":
      return { kind: "stop", stop: stopFor(error) };
    case "not_found":
      return { kind: "fail", reason: "gone", why };
    case "rate_limited":
    case "unavailable":
      return { kind: "fail", reason: "unavailable", why };
    case "unprocessable":
    case "refused":
      return { kind: "fail", reason: "refused", why };
    case "bad_answer":
      return { kind: "fail", reason: "unusable", why };
    default:
      return fault satisfies never;
  }
}

function stopFor({ fault, message }: RestError): StopRun {
  const reason = stopReasonOf(fault);
  return new StopRun(reason, reason === "cancelled" ? CANCELLED : message);
}

function stopReasonOf({ kind }: RestFault): RunStopReason {
  if (kind === "unauthorized" || kind === "forbidden") return "key";
  if (kind === "cancelled") return "cancelled";
  return kind === "rate_limited" || kind === "unavailable" ? "unavailable" : "api";
}
