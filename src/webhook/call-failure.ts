import type { CallFailureFacts } from "../store/call-failures.ts";
import type { Event } from "./event.ts";
import { secondsAt, textAt, valueAt } from "./json-value.ts";

/** What a `call_initiation_failure` says, from Twilio's or the SIP trunk's own report. */
export function failureOf({ data, eventTimestamp }: Event): CallFailureFacts {
  const metadata = valueAt(data, "metadata");
  const body = valueAt(metadata, "body");
  return {
    reason: textAt(data, "failure_reason"),
    provider: textAt(metadata, "type"),
    providerCode:
      scalarAt(body, "sip_status_code") ?? scalarAt(body, "SipResponseCode") ?? textAt(body, "CallStatus"),
    fromNumber: scalarAt(body, "from_number") ?? textAt(body, "From"),
    toNumber: scalarAt(body, "to_number") ?? textAt(body, "To"),
    occurredAt: secondsAt(body, "Timestamp") ?? eventTimestamp,
    metadata: metadata === null ? null : JSON.stringify(metadata),
  };
}

/** The vendor's table says number where its sample shows a string, and the other way round. */
function scalarAt(value: unknown, name: string): string | null {
  const found = valueAt(value, name);
  return typeof found === "number" ? String(found) : textAt(value, name);
}
