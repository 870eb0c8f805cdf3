import type { Clock } from "../platform/clock.ts";
import { errorCode } from "../platform/errors.ts";
import { faultText } from "../platform/faults.ts";
import type { Log, LogFields } from "../platform/log.ts";
import type { Outcome, RefusalCode } from "./outcome.ts";
import type { Receive } from "./receive.ts";

const SUMMARY_MS = 60_000;
const REPEATS_MAX = 1024;
const EXPIRED_MANY = 3;
const NAME_CHARS_MAX = 64;

/** The probable cause of a refusal, for the person who reads the log. */
export const refusalCauses: Record<RefusalCode, string> = {
  source_not_allowed:
    "not in ALLOWED_SOURCES: not sent by ElevenLabs, or through a proxy that TRUSTED_PROXIES does not name",
  signature_missing: "no ElevenLabs-Signature header: not sent by ElevenLabs, or a proxy drops the header",
  signature_malformed: "the header is malformed: not sent by ElevenLabs, or a proxy changes the header",
  timestamp_expired:
    "signed too long ago or ahead of our clock: a delayed or repeated delivery, or a clock is wrong",
  signature_mismatch: "ELEVENLABS_WEBHOOK_SECRET is not this webhook's secret, or a proxy changes the body",
  body_too_large: "larger than MAX_BODY_BYTES",
  body_too_slow: "the sender stalled, or a body takes longer than ten minutes",
  body_incomplete: "the sender went away before the end of the body",
  overloaded:
    "too many deliveries at once: if they are not from ElevenLabs, set ALLOWED_SOURCES=elevenlabs, and TRUSTED_PROXIES if a proxy is in front",
  disk_low: "less disk is free than this body and MIN_FREE_DISK_BYTES need: make room",
  shutting_down: "the service is stopping",
};

export const refusalCodes: readonly string[] = Object.keys(refusalCauses);

/**
 * Logs one line per delivery. Identical refusals from one address make one line, then one a minute with
 * their count, so that nobody can fill the log from outside.
 */
export function logDeliveries(
  receive: Receive,
  options: {
    /** Called when one could not be stored. */
    onFailure: () => void;
    log: Log;
    clock: Clock;
  },
): Receive {
  const { onFailure, log, clock } = options;
  const logRefusal = createRefusalLog(log);

  return async (delivery) => {
    const startedMs = clock.monotonicMs();
    const ms = () => Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
    try {
      const outcome = await receive(delivery);
      logRefusal(outcome, delivery.address);
      if (outcome.kind !== "refused") logIngested(log, outcome, { address: delivery.address, ms: ms() });
      return outcome;
    } catch (error) {
      onFailure();
      const fields = { code: "storage_failed", error: errorCode(error), ms: ms() };
      log.error(`Not stored: ${faultText(error)}`, fields);
      throw error;
    }
  };
}

function logIngested(log: Log, outcome: Exclude<Outcome, { kind: "refused" }>, more: LogFields): void {
  const { type, conversationId, byteCount } = outcome.about;
  const fields = {
    type: type?.slice(0, NAME_CHARS_MAX) ?? null,
    conversation: conversationId?.slice(0, NAME_CHARS_MAX) ?? null,
    bytes: byteCount,
    ...more,
  };
  if (outcome.kind === "erased") return log.info("Dropped: its conversation was erased", fields);
  const again = outcome.isDuplicate ? " again" : "";
  if (outcome.kind === "stored") {
    const dropped = outcome.isRecordingDropped ? ", its recording is not kept" : "";
    return log.info(`Received${again}${dropped}`, fields);
  }
  log.warning(`Quarantined${again}`, { ...fields, code: outcome.code, reason: outcome.reason });
}

function createRefusalLog(log: Log) {
  const repeats = new Map<string, { count: number; fields: LogFields }>();
  let expiredInARow = 0;
  let summary: ReturnType<typeof setTimeout> | null = null;

  function summarise(): void {
    summary = null;
    for (const { count, fields } of repeats.values()) {
      if (count > 0) log.warning("Refused repeatedly in the last minute", { count, ...fields });
    }
    repeats.clear();
  }

  return (outcome: Outcome, address: string | null): void => {
    if (outcome.kind !== "refused") {
      expiredInARow = 0;
      return;
    }
    const { code, ageSeconds } = outcome;
    if (code === "timestamp_expired") expiredInARow += 1;
    const isClockSuspect = code === "timestamp_expired" && expiredInARow >= EXPIRED_MANY;
    const cause = isClockSuspect ? "many expired timestamps at once: check the clock" : refusalCauses[code];

    const fields = { code, address: repeats.size < REPEATS_MAX ? address : null, cause };
    const key = JSON.stringify(fields);
    const repeat = repeats.get(key);
    if (repeat !== undefined) {
      repeat.count += 1;
      return;
    }
    repeats.set(key, { count: 0, fields });
    summary ??= setTimeout(summarise, SUMMARY_MS).unref();
    log.warning("Refused", ageSeconds === null ? fields : { ...fields, age_s: ageSeconds });
  };
}
